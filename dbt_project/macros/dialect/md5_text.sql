{# Expression: MD5 of a text, 32 hexadecimal digits. The cast is for Sail, which gives a text type Spark does not know. #}
{% macro md5_text(expression) -%}
    {{ return(adapter.dispatch('md5_text')(expression)) }}
{%- endmacro %}

{% macro default__md5_text(expression) -%}
    md5({{ expression }})
{%- endmacro %}

{% macro spark__md5_text(expression) -%}
    cast(md5({{ expression }}) as string)
{%- endmacro %}
