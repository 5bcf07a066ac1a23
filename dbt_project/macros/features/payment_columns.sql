{#
    The columns with the payment status of the newest months, newest first.

    Args:
        columns: list from bureau_columns().
        n_months: how many months.
#}
{% macro payment_columns(columns, n_months) -%}
    {%- set found = {} -%}
    {%- for column in columns | selectattr('role', 'equalto', 'payment_status') -%}
        {%- if column.payment_month is none or column.payment_month in found -%}
            {{ exceptions.raise_compiler_error(
                "seed data_dictionary, row " ~ column.name ~ ", column payment_month: expected a month of its own, found "
                ~ (column.payment_month if column.payment_month is not none else "none") ~ "; correct the seed, then: dbt seed"
            ) }}
        {%- elif column.paid_code is none or column.paid_code + 3 > column.n_codes -%}
            {{ exceptions.raise_compiler_error(
                "seed data_dictionary, row " ~ column.name ~ ", column paid_code: expected 0 to " ~ (column.n_codes - 3)
                ~ ", so that the next two are codes too, found "
                ~ (column.paid_code if column.paid_code is not none else "none") ~ "; correct the seed, then: dbt seed"
            ) }}
        {%- endif -%}
        {%- do found.update({column.payment_month: column}) -%}
    {%- endfor -%}
    {%- set newest = [] -%}
    {%- for month in range(n_months) if columns -%}
        {%- if month not in found -%}
            {{ exceptions.raise_compiler_error(
                "seed data_dictionary, column payment_month: expected 0 to " ~ (n_months - 1) ~ " among the rows with the"
                ~ " role payment_status, found no " ~ month ~ "; correct the seed, then: dbt seed"
            ) }}
        {%- endif -%}
        {%- do newest.append(found[month]) -%}
    {%- endfor -%}
    {{ return(newest) }}
{%- endmacro %}
