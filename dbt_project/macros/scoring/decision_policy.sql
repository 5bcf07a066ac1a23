{# String literal: the cutoffs and loss inputs in force, in words. A change gives every applicant a new decision. #}
{% macro decision_policy() -%}
    {%- set cutoffs = decision_cutoffs() -%}
    'approve below {{ cutoffs.approve_below }}, decline from {{ cutoffs.decline_from }}; LGD {{
        validated_share('loss_given_default') }}, EAD {{ validated_number('exposure_at_default', 0) }}'
{%- endmacro %}
