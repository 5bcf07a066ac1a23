{# Subquery: rows of every raw part, from the parquet footers. #}
{% macro raw_part_row_counts(names) -%}
    {{ return(adapter.dispatch('raw_part_row_counts')(names)) }}
{%- endmacro %}

{% macro default__raw_part_row_counts(names) -%}
    (
        select
            {{ scorehouse.raw_part_of('file_name') }} as raw_part,
            num_rows as n_rows
        from parquet_file_metadata({{ scorehouse.raw_part_paths(names) }})
    )
{%- endmacro %}

{% macro spark__raw_part_row_counts(names) -%}
    (
        {%- for name in names %}
        {{ "union all" if not loop.first }}
        select '{{ name }}' as raw_part, count(*) as n_rows from parquet.`{{ scorehouse.raw_part_path(name) }}`
        {%- endfor %}
    )
{%- endmacro %}
