{# Expression: an integer as a number from 0 to 255, null when it is none. #}
{% macro byte_or_null(expression) -%}
    {{ return(adapter.dispatch('byte_or_null')(expression)) }}
{%- endmacro %}

{% macro default__byte_or_null(expression) -%}
    try_cast({{ expression }} as utinyint)
{%- endmacro %}

{% macro spark__byte_or_null(expression) -%}
    case when {{ expression }} between 0 and 255 then cast({{ expression }} as smallint) end
{%- endmacro %}
