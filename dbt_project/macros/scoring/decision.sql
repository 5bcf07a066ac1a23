{#
    Expression: approve, refer or decline, by the cutoffs of the policy.

    Args:
        pd: expression of the PD.
#}
{% macro decision(pd) -%}
    {%- set policy = policy_numbers() -%}
    case
        when {{ pd }} < {{ policy.approve_below_pd }} then 'approve'
        when {{ pd }} < {{ policy.decline_from_pd }} then 'refer'
        else 'decline'
    end
{%- endmacro %}
