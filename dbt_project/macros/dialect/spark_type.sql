{# Name of a DuckDB type in Spark, the same as udf.spark.types.spark_type in Python. #}
{% macro spark_type(duckdb_type) %}
    {%- set element = duckdb_type.split('[')[0] -%}
    {%- set name = {'utinyint': 'smallint', 'varchar': 'string', 'integer': 'int', 'blob': 'binary'}.get(element, element) -%}
    {{ return('array<' ~ name ~ '>' if '[' in duckdb_type else name) }}
{% endmacro %}
