{{ config(materialized='table') }}
-- depends_on: {{ ref('data_dictionary') }}
-- depends_on: {{ ref('raw_parts') }}
{%- set doubtful_parts = doubtful_raw_parts() %}

with

-- Twice the same view: one CTE for both uses would be computed once for all rows and kept, and that takes minutes.
doubtful_products as (

    select * from {{ ref('base_bureau__credit_products') }}
    where raw_part in ({{ doubtful_parts | join(', ') or 'null' }})

),

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
    from doubtful_products
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
