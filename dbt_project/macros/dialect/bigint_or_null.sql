{# Expression: an integer of any width as a signed number of 64 bits, null when it is none. #}
{% macro bigint_or_null(expression) -%}
    {{ return(adapter.dispatch('bigint_or_null')(expression)) }}
{%- endmacro %}

{% macro default__bigint_or_null(expression) -%}
    try_cast({{ expression }} as bigint)
{%- endmacro %}

{# What Spark reads from unsigned integers is wider, never a fraction. #}
{% macro spark__bigint_or_null(expression) -%}
    case when {{ expression }} <= 9223372036854775807 then cast({{ expression }} as bigint) end
{%- endmacro %}
