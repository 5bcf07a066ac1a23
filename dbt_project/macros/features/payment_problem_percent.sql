{#
    Payment problems in the newest months, from the count arrays of the payment status columns. Whole numbers all the
    way: they are equal on every engine.
#}

{#
    Expression: for each month, the newest first, the number of products with a payment problem, or with any record.

    Args:
        columns: list from bureau_columns().
        n_months: how many months.
        recorded: when true, products with a record; else those with a problem. At most all products of an applicant,
            so one byte holds every sum on the way.
#}
{% macro payment_months(columns, n_months, recorded=false) -%}
    {%- set months = [] -%}
    {%- for column in columns if column.payment_month is not none and column.payment_month < n_months -%}
        {%- set paid, late, very_late = range(column.paid_code, column.paid_code + 3) -%}
        {%- set codes = [paid, late, very_late] if recorded else [late, very_late] -%}
        {%- set counts = [] -%}
        {%- for code in codes -%}
            {%- do counts.append(count_of_code(column.name, code)) -%}
        {%- endfor -%}
        {%- do months.append((column.payment_month, counts | join(' + '))) -%}
    {%- endfor -%}
    {{ list_of(months | sort(attribute=0) | map(attribute=1) | list) }}
{%- endmacro %}

{#
    Expression: percent of the recorded months with a payment problem, over all products; 0 when no month has a record.
    Reads the lists `problem_months` and `recorded_months`, made by payment_months().

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
