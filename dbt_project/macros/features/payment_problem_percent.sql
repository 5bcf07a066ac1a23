{#
    Expression: percent of the recorded months with a payment problem, over all products; 0 when no month has a record.
    Reads the lists `problem_months` and `recorded_months`, made by payment_months().
    Whole numbers all the way: they are equal on every engine.

    Args:
        months: how many of the newest months to look at.
        n_months: length of the lists.
        weighted: when true, the newest month weighs `months`, the oldest 1; else all weigh 1.
#}
{% macro payment_problem_percent(months, n_months, weighted=false) -%}
    {%- set weights = [] -%}
    {%- for month in range(n_months) -%}
        {%- do weights.append(0 if month >= months else months - month if weighted else 1) -%}
    {%- endfor -%}
    {%- set problems = "100 * " ~ weighted_sum('problem_months', weights) -%}
    {%- set records = "greatest(" ~ weighted_sum('recorded_months', weights) ~ ", 1)" -%}
    cast({{ whole_quotient(problems, records) }} as {{ type_byte() }})
{%- endmacro %}
