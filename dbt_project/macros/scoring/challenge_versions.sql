{# SQL literal by column of int_challenges_due: what determines a challenge in this run, apart from the features. #}
{% macro challenge_versions() -%}
    {{ return({
        'champion_version': scorehouse.champion_version(),
        'challenger_version': scorehouse.challenger_version(),
        'decision_policy': scorehouse.decision_policy(),
    }) }}
{%- endmacro %}
