{# Subquery: name, size in bytes and SHA-256 of every raw part. #}
{% macro raw_part_files() -%}
    {{ return(adapter.dispatch('raw_part_files')()) }}
{%- endmacro %}

{% macro default__raw_part_files() -%}
    (
        select
            parse_filename(filename) as raw_part,
            size as n_bytes,
            sha256(content) as content_sha256
        from read_blob('{{ env_var("SCOREHOUSE_RAW", "data/raw") }}/train_data_*.pq')
    )
{%- endmacro %}

{# Distinct, because Sail gives a file once for each of the ranges it would read it in. #}
{% macro spark__raw_part_files() -%}
    (
        select distinct
            element_at(split(path, '/'), -1) as raw_part,
            length as n_bytes,
            sha2(content, 256) as content_sha256
        from binaryfile.`{{ env_var("SCOREHOUSE_RAW", "data/raw") }}/train_data_*.pq`
    )
{%- endmacro %}

{# Subquery: rows of every raw part, from the parquet footers. #}
{% macro raw_part_row_counts() -%}
    {{ return(adapter.dispatch('raw_part_row_counts')()) }}
{%- endmacro %}

{% macro default__raw_part_row_counts() -%}
    (
        select
            parse_filename(file_name) as raw_part,
            num_rows as n_rows
        from parquet_file_metadata('{{ env_var("SCOREHOUSE_RAW", "data/raw") }}/train_data_*.pq')
    )
{%- endmacro %}

{% macro spark__raw_part_row_counts() -%}
    (
        {%- for name, file in scorehouse.raw_part_paths() %}
        {{ "union all" if not loop.first }}
        select '{{ name }}' as raw_part, count(*) as n_rows from parquet.`{{ file }}`
        {%- endfor %}
    )
{%- endmacro %}

{# Expression: name of the part, from the column `raw_file` of the source. #}
{% macro raw_part_of(raw_file) -%}
    {{ return(adapter.dispatch('raw_part_of')(raw_file)) }}
{%- endmacro %}

{% macro default__raw_part_of(raw_file) -%}
    parse_filename({{ raw_file }})
{%- endmacro %}

{% macro spark__raw_part_of(raw_file) -%}
    element_at(split({{ raw_file }}, '/'), -1)
{%- endmacro %}

{# Subquery: smallest and largest value and number of nulls of every column and row group, from the parquet footers. #}
{% macro raw_part_value_ranges() -%}
    {{ return(adapter.dispatch('raw_part_value_ranges')()) }}
{%- endmacro %}

{% macro default__raw_part_value_ranges() -%}
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

{# Spark's SQL cannot see the statistics of a file, so every part is doubtful there, and its values are looked at. #}
{% macro spark__raw_part_value_ranges() -%}
    (
        {%- for name, file in scorehouse.raw_part_paths() %}
        {{ "union all" if not loop.first }}
        select
            '{{ name }}' as raw_part,
            'id' as column_name,
            cast(null as bigint) as smallest,
            cast(null as bigint) as largest,
            cast(null as bigint) as n_nulls
        {%- endfor %}
    )
{%- endmacro %}
