{#
    dbt compares a model with its contract by an empty query with the contract's types. On Spark those are written in
    DuckDB's words in the YAML, so that there is one contract; here they get their Spark names. Spark arrays have no
    length: the boundary to the model checks it (udf/spark/arrow_types.py).
#}
{% macro spark__get_empty_schema_sql(columns) %}
    select
    {%- for column in columns.values() %}
        cast(null as {{ scorehouse.spark_type(column.data_type) }}) as {{ column.name }}{{ "," if not loop.last }}
    {%- endfor %}
{% endmacro %}
