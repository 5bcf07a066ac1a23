-- depends_on: {{ ref('data_dictionary') }}
{%- set columns = bureau_columns() %}

with

products as (

    select * from {{ source('bureau', 'credit_products') }}

),

-- One byte holds a code and a position; what does not fit becomes null here and is quarantined below.
narrowed as (

    select
        id,
        rn,
        {%- for column in columns %}
        {{ byte_or_null(column.name) }} as {{ column.name }},
        {%- endfor %}
        {{ raw_part_of('raw_file') }} as raw_part
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
