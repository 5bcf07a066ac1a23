{# Casts a value of a unit test: a list in YAML becomes an array. The rest is as dbt-spark does it. #}
{% macro spark__safe_cast(field, type) %}
    {%- set is_list = field is sequence and field is not string -%}
    cast({{ 'array(' ~ field | join(', ') ~ ')' if is_list else field }} as {{ type }})
{%- endmacro %}
