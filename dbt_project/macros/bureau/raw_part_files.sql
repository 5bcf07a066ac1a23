{# Subquery: name, size in bytes and SHA-256 of every raw part. #}
{% macro raw_part_files() -%}
    (
        select
            parse_filename(filename) as raw_part,
            size as n_bytes,
            sha256(content) as content_sha256
        from read_blob('{{ env_var("SCOREHOUSE_RAW", "data/raw") }}/train_data_*.pq')
    )
{%- endmacro %}

{# Subquery: rows of every raw part, from the parquet footers. #}
{% macro raw_part_row_counts() -%}
    (
        select
            parse_filename(file_name) as raw_part,
            num_rows as n_rows
        from parquet_file_metadata('{{ env_var("SCOREHOUSE_RAW", "data/raw") }}/train_data_*.pq')
    )
{%- endmacro %}

{# Subquery: smallest and largest value and number of nulls of every column and row group, from the parquet footers. #}
{% macro raw_part_value_ranges() -%}
    (
        select
            parse_filename(file_name) as raw_part,
            path_in_schema as column_name,
            try_cast(coalesce(stats_min_value, stats_min) as bigint) as smallest,
            try_cast(coalesce(stats_max_value, stats_max) as bigint) as largest,
            stats_null_count as n_nulls
        from parquet_metadata('{{ env_var("SCOREHOUSE_RAW", "data/raw") }}/train_data_*.pq')
    )
{%- endmacro %}
