{#
    String literal: version of the model that scores in this run. Asked when the model using it is built, so that a run
    without a usable model fails before any table changes, naming the remedy; what only compiles needs no model.
#}
{% macro champion_version() -%}
    {{ return(scorehouse.model_version_literal('champion_version')) }}
{%- endmacro %}

{# String literal: version of the challenger in this run, or null when none is set. #}
{% macro challenger_version() -%}
    {{ return(scorehouse.model_version_literal('challenger_version')) }}
{%- endmacro %}

{#
    Args:
        function_name: SQL function of the plugin that knows the version.
#}
{% macro model_version_literal(function_name) -%}
    {%- set builds = execute and flags.WHICH in ['build', 'run', 'retry', 'show'] -%}
    {%- set version = run_query('select ' ~ function_name ~ '()').rows[0][0] if builds else function_name -%}
    {{ return('cast(null as ' ~ type_text() ~ ')' if version is none else "'" ~ version ~ "'") }}
{%- endmacro %}
