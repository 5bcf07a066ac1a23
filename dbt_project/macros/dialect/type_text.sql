{# Type of a text of any length. #}
{% macro type_text() -%}
    {{ return(adapter.dispatch('type_text')()) }}
{%- endmacro %}

{% macro default__type_text() -%} varchar {%- endmacro %}

{% macro spark__type_text() -%} string {%- endmacro %}
