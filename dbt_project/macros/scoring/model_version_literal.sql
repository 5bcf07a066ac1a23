{#
    String literal: the version that a SQL function of the plugin returns, or null when it returns none.

    Args:
        function_name: SQL function of the plugin that knows the version.
#}
{% macro model_version_literal(function_name) -%}
    {%- set builds = execute and flags.WHICH in ['build', 'run', 'retry', 'show'] -%}
    {%- if builds and target.type == 'duckdb' -%}
        {%- set problem = run_query('select model_problem()').rows[0][0] -%}
        {%- if problem is not none -%}
            {{ exceptions.raise_compiler_error('No usable model: ' ~ problem) }}
        {%- endif -%}
    {%- endif -%}
    {%- set version = run_query('select ' ~ function_name ~ '()').rows[0][0] if builds else function_name -%}
    {{ return('cast(null as ' ~ type_text() ~ ')' if version is none else "'" ~ version ~ "'") }}
{%- endmacro %}
