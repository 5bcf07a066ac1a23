{#
    Expression: for each month, the newest first, the number of products with a payment problem, or with any record.
    Whole numbers all the way: they are equal on every engine.

    Args:
        columns: list from bureau_columns().
        n_months: how many months.
        recorded: when true, products with a record; else those with a problem. At most all products of an applicant,
            so one byte holds every sum on the way.
#}
{% macro payment_months(columns, n_months, recorded=false) -%}
    {%- set months = [] -%}
    {%- for column in payment_columns(columns, n_months) -%}
        {%- set paid, late, very_late = range(column.paid_code, column.paid_code + 3) -%}
        {%- set codes = [paid, late, very_late] if recorded else [late, very_late] -%}
        {%- set counts = [] -%}
        {%- for code in codes -%}
            {%- do counts.append(count_of_code(column.name, code)) -%}
        {%- endfor -%}
        {%- do months.append(counts | join(' + ')) -%}
    {%- endfor -%}
    {{ list_of(months) }}
{%- endmacro %}
