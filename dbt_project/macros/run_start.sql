{# Timestamp literal: start of this run, UTC; the same in every model of the run. #}
{% macro run_start() -%}
    cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp)
{%- endmacro %}
