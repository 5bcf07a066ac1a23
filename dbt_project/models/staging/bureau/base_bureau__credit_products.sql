-- depends_on: {{ source('bureau', 'credit_products') }}
-- depends_on: {{ ref('raw_parts') }}
-- depends_on: {{ ref('data_dictionary') }}
{%- set columns = bureau_columns() %}

with

products as (

    {{ raw_products(columns) | indent(4) }}

),

-- A part may have integers of any width. One byte holds a code and a position, 63 bits an id; what does not fit becomes
-- null here and is quarantined below.
narrowed as (

    select
        {{ bigint_or_null('id') }} as id,
        {{ bigint_or_null('rn') }} as rn,
        {%- for column in columns %}
        {{ byte_or_null(column.name) }} as {{ column.name }},
        {%- endfor %}
        raw_part
    from products

),

checked as (

    select
        *,
        coalesce(id >= 0, false)
        and coalesce(rn between 1 and 255, false)
        {%- for column in columns %}
        and {{ column.name }} is not null
        {%- endfor %} as is_usable
    from narrowed

)

select * from checked
