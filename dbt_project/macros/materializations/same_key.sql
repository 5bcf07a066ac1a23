{# Condition: a row of the table, alias found, and one of the work list, alias due, are of one applicant and version. #}
{% macro same_key(key) %}
    {%- for column in key %}found.{{ column }} = due.{{ column }}{{ ' and ' if not loop.last }}{% endfor -%}
{% endmacro %}
