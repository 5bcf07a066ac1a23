{# Products kept per applicant: a whole number from the vars, so that nothing else reaches the SQL. #}
{% macro n_recent_products() -%}
    {{ return(scorehouse.validated_number('n_recent_products', 1, 255) | int) }}
{%- endmacro %}
