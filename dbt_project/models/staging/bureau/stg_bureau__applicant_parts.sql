{{ config(materialized='table') }}

with

products as (

    select * from {{ ref('base_bureau__credit_products') }}

),

-- The one pass over the large files that looks at who is in them: where the rows of an applicant lie, how many there
-- are, and which rn they have, one bit each. An rn above 62 has no bit.
applicant_parts as (

    select
        id,
        raw_part,
        count(*) filter (where rn between 1 and 255) as n_rows,
        bit_or(case when rn between 1 and 62 then {{ single_bit('rn') }} else 0 end) as rn_bits
    from products
    where id >= 0
    group by id, raw_part

)

select * from applicant_parts
