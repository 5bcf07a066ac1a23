{# The two cutoffs, checked: numbers from 0 to 1, the one for approval not above the one for declining. #}
{% macro decision_cutoffs() -%}
    {%- set approve_below = validated_share('approve_below_pd') -%}
    {%- set decline_from = validated_share('decline_from_pd') -%}
    {%- if approve_below > decline_from -%}
        {{ exceptions.raise_compiler_error(
            "var approve_below_pd: expected at most decline_from_pd (" ~ decline_from ~ "), found " ~ approve_below
            ~ "; mend them in dbt_project.yml or --vars"
        ) }}
    {%- endif -%}
    {{ return({'approve_below': approve_below, 'decline_from': decline_from}) }}
{%- endmacro %}
