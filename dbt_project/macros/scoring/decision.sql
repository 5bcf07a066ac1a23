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
