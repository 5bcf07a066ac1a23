{#
    Expression: expected loss = PD x loss given default x exposure at default, in the unit of the exposure.

    Args:
        pd: expression of the PD.
#}
{% macro expected_loss(pd) -%}
    {%- set policy = policy_numbers() -%}
    {{ pd }} * {{ policy.loss_given_default }} * {{ policy.exposure_at_default }}
{%- endmacro %}
