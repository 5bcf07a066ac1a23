-- depends_on: {{ ref('data_dictionary') }}

with

products as (

    select * from {{ ref('stg_bureau__credit_products') }}

),

{% if not is_live() %}
batch as (

    {{ batch_ids(ref('int_applicant_sources')) | indent(4) }}

),

{% endif %}
positions as (

    select
        id,
        {%- for column in bureau_columns() %}
        {{ code_position(column) }} as {{ column.name }},
        {%- endfor %}
        rn
    from products
    {%- if not is_live() %}
    where id in (select id from batch)
    {%- endif %}

)

select * from positions
