{#
    String literal: version of the model that scores in this run. Looked up when the dbt model that uses it is built: a
    run without a usable model fails before any table changes and names the remedy. Compiling alone needs no model.
#}
{% macro champion_version() -%}
    {{ return(scorehouse.model_version_literal('champion_version')) }}
{%- endmacro %}
