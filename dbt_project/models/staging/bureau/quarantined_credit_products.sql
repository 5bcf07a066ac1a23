{{ config(materialized='table') }}
-- depends_on: {{ ref('data_dictionary') }}

with

products as (

    select * from {{ ref('base_bureau__credit_products') }}

),

duplicated as (

    select * from {{ ref('stg_bureau__duplicated_products') }}

),

unusable as (

    select
        id,
        rn,
        {{ quarantine_reason(bureau_columns()) | indent(8) }} as quarantine_reason,
        raw_part
    from products
    where not is_usable

),

ambiguous as (

    select
        products.id,
        products.rn,
        'id, rn: this product occurs more than once' as quarantine_reason,
        products.raw_part
    from products
    inner join duplicated
        on products.id = duplicated.id and products.rn = duplicated.rn
    where products.is_usable

),

quarantined as (

    select * from unusable
    union all
    select * from ambiguous

)

select * from quarantined
