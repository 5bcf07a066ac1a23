{# Type of a string of bytes. #}
{% macro type_blob() -%}
    {{ return(adapter.dispatch('type_blob')()) }}
{%- endmacro %}

{% macro default__type_blob() -%} blob {%- endmacro %}

{% macro spark__type_blob() -%} binary {%- endmacro %}
