{#
    Expression: expected loss = PD x loss given default x exposure at default (vars `loss_given_default`,
    `exposure_at_default`), in the unit of the exposure.

    Args:
        pd: expression of the PD.
#}
{% macro expected_loss(pd) -%}
    {{ pd }} * {{ validated_share('loss_given_default') }} * {{ validated_number('exposure_at_default', 0) }}
{%- endmacro %}
