{#- On Spark a table: the metastore that Spark brings along takes no view of this length. -#}
{{ config(materialized='table' if target.type == 'spark' else 'view') }}
-- depends_on: {{ ref('data_dictionary') }}
{%- set columns = bureau_columns() %}

with

positions as (

    select * from {{ ref('int_product_code_positions') }}

),

-- Counts and latest products in one pass over the products: they are the large table.
packed as (

    select
        id,
        {%- for column in columns %}
        {{ packed_code_counts(column) }},
        {%- endfor %}
        {{ latest_products(columns) }} as products,
        count(*) as n_products
    from positions
    group by id

),

unpacked as (

    select
        id,
        n_products,
        {%- for column in columns %}
        {{ unpacked_code_counts(column) }} as {{ column.name }},
        {%- endfor %}
        {{ padded_products('products', columns) }} as recent_products
    from packed

)

select * from unpacked
