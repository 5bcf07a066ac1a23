{#
    dbt compares a model with its contract by an empty query with the contract's types. On Spark those are written in
    DuckDB's words in the YAML, so that there is one contract; here they get their Spark names. Spark arrays have no
    length: the boundary to the model checks it (models_ml/arrow_types.py).
#}
{% macro spark__get_empty_schema_sql(columns) %}
    select
    {%- for column in columns.values() %}
        cast(null as {{ scorehouse.spark_type(column.data_type) }}) as {{ column.name }}{{ "," if not loop.last }}
    {%- endfor %}
{% endmacro %}

{# Name of a DuckDB type in Spark, the same as udf.spark.types.spark_type in Python. #}
{% macro spark_type(duckdb_type) %}
    {%- set element = duckdb_type.split('[')[0] -%}
    {%- set name = {'utinyint': 'smallint', 'varchar': 'string', 'integer': 'int', 'blob': 'binary'}.get(element, element) -%}
    {{ return('array<' ~ name ~ '>' if '[' in duckdb_type else name) }}
{% endmacro %}

{# Casts a value of a unit test: a list in YAML becomes an array. The rest is as dbt-spark does it. #}
{% macro spark__safe_cast(field, type) %}
    {%- set is_list = field is sequence and field is not string -%}
    cast({{ 'array(' ~ field | join(', ') ~ ')' if is_list else field }} as {{ type }})
{%- endmacro %}
