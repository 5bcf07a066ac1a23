{#
    Expression: the number of products with a code, from a count array.

    Args:
        counts: the array.
        code: the code, 0 for the first element.
#}
{% macro count_of_code(counts, code) -%}
    {{ return(adapter.dispatch('count_of_code')(counts, code)) }}
{%- endmacro %}

{% macro default__count_of_code(counts, code) -%}
    {{ counts }}[{{ code + 1 }}]
{%- endmacro %}

{% macro spark__count_of_code(counts, code) -%}
    element_at({{ counts }}, {{ code + 1 }})
{%- endmacro %}
