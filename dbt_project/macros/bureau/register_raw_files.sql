{#
    Spark reads files through its catalog, so at the start of a run the raw files are registered there, in the schema of
    the source; nothing is copied. On DuckDB the models themselves say where the files are (macro raw_products).
#}
{% macro register_raw_files() -%}
    {%- if execute and target.type == 'spark' and flags.WHICH in ['build', 'run', 'test'] -%}
        {% set schema = source('bureau', 'credit_products').schema %}
        {% do run_query('create schema if not exists ' ~ schema) %}
        {% do scorehouse.register_file(
            schema ~ '.outcomes', "(id string, flag string) using csv options " ~ scorehouse.csv_options_of_spark(),
            (env_var('SCOREHOUSE_RAW', '') or 'data/raw') ~ '/train_target.csv'
        ) %}
        {% set parts = [] %}
        {% for name in scorehouse.raw_part_names() %}
            {% set part = schema ~ '.credit_products_part_' ~ loop.index %}
            {% do scorehouse.register_file(part, 'using parquet', scorehouse.raw_part_path(name)) %}
            {% do parts.append((part, name)) %}
        {% endfor %}
        {% do run_query(
            'create or replace view ' ~ schema ~ '.credit_products as ' ~ scorehouse.union_of_parts(parts)
        ) %}
    {%- endif -%}
{%- endmacro %}

{# How to read the outcomes: the same options as `read_csv` of the source `outcomes` on DuckDB. #}
{% macro csv_options_of_spark() -%}
    (header 'true', sep ',', quote '"', escape '"', encoding 'UTF-8', mode 'FAILFAST')
{%- endmacro %}

{# Register a file as a table, replacing an older registration of that name; files are left alone. #}
{% macro register_file(table, format, file) %}
    {% do run_query('drop table if exists ' ~ table) %}
    {% do run_query('create table ' ~ table ~ ' ' ~ format ~ " location '" ~ file ~ "'") %}
{% endmacro %}

{#
    Query: the rows of all parts with the name of their part as `raw_part`. One select per part, because not every engine
    that speaks Spark's SQL knows the name of the file a row comes from; only the columns that are needed, by name,
    ignoring case.

    Args:
        parts: list of (table, name of the part).
#}
{% macro union_of_parts(parts) %}
    {% set columns = (run_query('select raw_column_names()').rows[0][0] | string).split('\n') | join(', ') %}
    {% set selects = [] %}
    {% for table, name in parts %}
        {% do selects.append('select ' ~ columns ~ ", '" ~ name ~ "' as raw_part from " ~ table) %}
    {% endfor %}
    {{ return(selects | join(' union all ')) }}
{% endmacro %}
