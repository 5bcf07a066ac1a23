{# String literal: version of the challenger in this run, or null when none is set. #}
{% macro challenger_version() -%}
    {{ return(scorehouse.model_version_literal('challenger_version')) }}
{%- endmacro %}
