{# Condition: a row of the table (alias found) and a row of the work list (alias due) have the same applicant and version. #}
{% macro same_key(key) %}
    {%- for column in key %}found.{{ column }} = due.{{ column }}{{ ' and ' if not loop.last }}{% endfor -%}
{% endmacro %}
