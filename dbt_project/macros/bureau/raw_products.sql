{#
    Query: all rows of the raw parts as delivered: id, rn, the code columns and the name of their part as `raw_part`, in
    integers wide enough for every part.

    Args:
        columns: list from bureau_columns().

    The calling model must carry comments that name the source and `raw_parts`, see built_raw_parts.
#}
{% macro raw_products(columns) -%}
    {{ return(adapter.dispatch('raw_products')(columns)) }}
{%- endmacro %}

{# For a request (target live) and on Spark the source itself has these columns. #}
{% macro default__raw_products(columns) -%}
    select * from {{ source('bureau', 'credit_products') }}
{%- endmacro %}

{#
    Matched by name, so that parts may differ in the order and width of their columns. No value is taken from the path
    (`id=7/`), and the column for the path has a longer name than any column of the files, so it cannot clash with one.
#}
{% macro duckdb__raw_products(columns) -%}
    {%- if is_live() -%}
        {{ return(scorehouse.default__raw_products(columns)) }}
    {%- endif -%}
    {%- set reader = 'read_parquet(' ~ scorehouse.raw_part_paths(scorehouse.built_raw_parts())
        ~ ', union_by_name = true, hive_partitioning = false' -%}
    {%- set found = run_query('select * from ' ~ reader ~ ') limit 0').column_names if execute else [''] -%}
    {%- set raw_file = 'raw_file' ~ '_' * (found | map('length') | max) -%}
    select
        id,
        rn,
        {%- for column in columns %}
        {{ column.name }},
        {%- endfor %}
        {{ scorehouse.raw_part_of(raw_file) }} as raw_part
    from {{ reader }}, filename = '{{ raw_file }}')
{%- endmacro %}
