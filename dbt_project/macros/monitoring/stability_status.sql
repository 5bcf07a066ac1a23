{#
    Expression: the finding in words. A shift no larger than chance explains at these sample sizes counts as stable.

    Args:
        index: the stability index.
        critical_value: from critical_stability().
#}
{% macro stability_status(index, critical_value) -%}
    case
        when {{ index }} < {{ validated_number('moderate_shift', 0, 100) }} or {{ index }} <= {{ critical_value }}
            then 'stable'
        when {{ index }} < {{ validated_number('large_shift', 0, 100) }} then 'moderate shift'
        else 'large shift'
    end
{%- endmacro %}
