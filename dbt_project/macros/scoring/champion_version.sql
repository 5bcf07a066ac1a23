{#
    String literal: version of the model that scores in this run. Asked when the model using it is built, so that a run
    without a usable model fails before any table changes, naming the remedy; what only compiles needs no model.
#}
{% macro champion_version() -%}
    {{ return(scorehouse.model_version_literal('champion_version')) }}
{%- endmacro %}
