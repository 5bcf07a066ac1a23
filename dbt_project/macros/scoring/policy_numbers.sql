{#
    The decision policy in force: a number by column of `applicant_scores`, from the vars of the same names, checked. The
    cutoff for approval is not above the one for declining.
#}
{% macro policy_numbers() -%}
    {%- set numbers = {
        'approve_below_pd': validated_share('approve_below_pd'),
        'decline_from_pd': validated_share('decline_from_pd'),
        'loss_given_default': validated_share('loss_given_default'),
        'exposure_at_default': validated_number('exposure_at_default', 0),
    } -%}
    {%- if numbers.approve_below_pd > numbers.decline_from_pd -%}
        {{ exceptions.raise_compiler_error(
            "var approve_below_pd: expected at most decline_from_pd (" ~ numbers.decline_from_pd ~ "), found "
            ~ numbers.approve_below_pd ~ "; correct them in dbt_project.yml or --vars"
        ) }}
    {%- endif -%}
    {{ return(numbers) }}
{%- endmacro %}
