-- depends_on: {{ ref('data_dictionary') }}

with

products as (

    select * from {{ ref('base_bureau__credit_products') }}

),

duplicated as (

    select * from {{ ref('stg_bureau__duplicated_products') }}

),

-- A product that occurs twice is ambiguous: none of its rows is used, so that the features never depend on row order.
unambiguous as (

    select
        products.id,
        {{ byte_or_null('products.rn') }} as rn,
        {%- for column in bureau_columns() %}
        products.{{ column.name }},
        {%- endfor %}
        products.raw_part
    from products
    left join duplicated
        on products.id = duplicated.id and products.rn = duplicated.rn
    where
        products.is_usable
        and duplicated.id is null

)

select * from unambiguous
