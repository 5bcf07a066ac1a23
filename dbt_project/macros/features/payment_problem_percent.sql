{#
    Expression: percent of the recorded months with a payment problem, over all products, from the count arrays of the
    payment status columns; 0 when no month has a record. Whole percents: integers are equal on every engine.

    Args:
        columns: list from bureau_columns().
        months: how many of the newest months to look at.
        weighted: when true, the newest month weighs `months`, the oldest 1; else all weigh 1.
#}
{% macro payment_problem_percent(columns, months, weighted=false) -%}
    {%- set problems, recorded = [], [] -%}
    {%- for column in columns if column.payment_month is not none and column.payment_month < months -%}
        {%- set weight = months - column.payment_month if weighted else 1 -%}
        {%- set paid, late, very_late = range(column.paid_code, column.paid_code + 3) -%}
        {%- set problem = "cast(" ~ count_of_code(column.name, late) ~ " as integer) + " ~ count_of_code(column.name, very_late) -%}
        {%- do problems.append(weight ~ " * (" ~ problem ~ ")") -%}
        {%- do recorded.append(weight ~ " * (cast(" ~ count_of_code(column.name, paid) ~ " as integer) + " ~ problem ~ ")") -%}
    {%- endfor -%}
    {%- set problem_months = "100 * (" ~ problems | join(' + ') ~ ")" -%}
    {%- set recorded_months = "greatest(" ~ recorded | join(' + ') ~ ", 1)" -%}
    cast({{ whole_quotient(problem_months, recorded_months) }} as {{ type_byte() }})
{%- endmacro %}
