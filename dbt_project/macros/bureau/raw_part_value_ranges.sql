{#
    Subquery: smallest and largest value and number of nulls of every column and row group, from the parquet footers.
    Columns are in lower case, because column names are matched ignoring case.
#}
{% macro raw_part_value_ranges(names) -%}
    {{ return(adapter.dispatch('raw_part_value_ranges')(names)) }}
{%- endmacro %}

{% macro default__raw_part_value_ranges(names) -%}
    (
        select
            {{ scorehouse.raw_part_of('file_name') }} as raw_part,
            lower(path_in_schema) as column_name,
            try_cast(coalesce(stats_min_value, stats_min) as bigint) as smallest,
            try_cast(coalesce(stats_max_value, stats_max) as bigint) as largest,
            stats_null_count as n_nulls
        from parquet_metadata({{ scorehouse.raw_part_paths(names) }})
    )
{%- endmacro %}

{# Spark's SQL cannot see the statistics of a file, so there every part is in doubt and its values are checked. #}
{% macro spark__raw_part_value_ranges(names) -%}
    (
        select
            cast(null as string) as raw_part,
            cast(null as string) as column_name,
            cast(null as bigint) as smallest,
            cast(null as bigint) as largest,
            cast(null as bigint) as n_nulls
    )
{%- endmacro %}
