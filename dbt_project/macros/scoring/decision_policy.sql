{#
    String literal: the numbers of the policy in a sentence. It is part of the key of a score, so a change gives every
    applicant a new decision.
#}
{% macro decision_policy() -%}
    {%- set policy = policy_numbers() -%}
    'approve below {{ policy.approve_below_pd }}, decline from {{ policy.decline_from_pd }}; LGD {{
        policy.loss_given_default }}, EAD {{ policy.exposure_at_default }}'
{%- endmacro %}
