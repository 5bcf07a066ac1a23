{# SQL literal by column of int_scores_due: what determines a score in this run, apart from the features. #}
{% macro score_versions() -%}
    {{ return({'model_version': scorehouse.champion_version(), 'decision_policy': scorehouse.decision_policy()}) }}
{%- endmacro %}
