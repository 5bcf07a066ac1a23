{#
    Expression: approve, refer or decline by the two cutoffs on the PD (vars `approve_below_pd`, `decline_from_pd`).

    Args:
        pd: expression of the PD.
#}
{% macro decision(pd) -%}
    {%- set cutoffs = decision_cutoffs() -%}
    case
        when {{ pd }} < {{ cutoffs.approve_below }} then 'approve'
        when {{ pd }} < {{ cutoffs.decline_from }} then 'refer'
        else 'decline'
    end
{%- endmacro %}

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

{#
    Expression: expected loss = PD x loss given default x exposure at default (vars `loss_given_default`,
    `exposure_at_default`), in the unit of the exposure.

    Args:
        pd: expression of the PD.
#}
{% macro expected_loss(pd) -%}
    {{ pd }} * {{ validated_share('loss_given_default') }} * {{ validated_number('exposure_at_default', 0) }}
{%- endmacro %}

{# String literal: the cutoffs and loss inputs in force, in words. A change gives every applicant a new decision. #}
{% macro decision_policy() -%}
    {%- set cutoffs = decision_cutoffs() -%}
    'approve below {{ cutoffs.approve_below }}, decline from {{ cutoffs.decline_from }}; LGD {{
        validated_share('loss_given_default') }}, EAD {{ validated_number('exposure_at_default', 0) }}'
{%- endmacro %}
