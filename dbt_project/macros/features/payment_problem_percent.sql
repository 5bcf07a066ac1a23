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
        {%- set paid, late, very_late = range(column.paid_code + 1, column.paid_code + 4) -%}
        {%- set problem = column.name ~ "[" ~ late ~ "]::integer + " ~ column.name ~ "[" ~ very_late ~ "]" -%}
        {%- do problems.append(weight ~ " * (" ~ problem ~ ")") -%}
        {%- do recorded.append(weight ~ " * (" ~ column.name ~ "[" ~ paid ~ "]::integer + " ~ problem ~ ")") -%}
    {%- endfor -%}
    cast(100 * ({{ problems | join(' + ') }}) // greatest({{ recorded | join(' + ') }}, 1) as utinyint)
{%- endmacro %}
