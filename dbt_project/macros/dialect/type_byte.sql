{# Type of a number from 0 to 255. Spark has no unsigned types. #}
{% macro type_byte() -%}
    {{ return(adapter.dispatch('type_byte')()) }}
{%- endmacro %}

{% macro default__type_byte() -%} utinyint {%- endmacro %}

{% macro spark__type_byte() -%} smallint {%- endmacro %}
