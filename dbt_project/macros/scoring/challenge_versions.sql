{# SQL literal by column of int_challenges_due: what a challenge of this run comes from, besides the features. #}
{% macro challenge_versions() -%}
    {{ return({
        'champion_version': scorehouse.champion_version(),
        'challenger_version': scorehouse.challenger_version(),
        'decision_policy': scorehouse.decision_policy(),
    }) }}
{%- endmacro %}
