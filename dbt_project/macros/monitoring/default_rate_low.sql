{#
    Lower bound of the Jeffreys interval of a default rate (Brown, Cai, DasGupta 2001): quantiles of the beta distribution
    with half a defaulter and half another applicant added.

    Args:
        n_defaulted: number of defaulters.
        n_applicants: number of applicants with a known outcome; without any there is no interval.
        level: probability that the interval covers, 0.95 by default.
#}
{% macro default_rate_low(n_defaulted, n_applicants, level=0.95) -%}
    case
        when {{ n_applicants }} = 0 then null
        when {{ n_defaulted }} = 0 then cast(0 as double)
        else beta_quantile(
            {{ (1 - level) / 2 }},
            cast({{ n_defaulted }} as double) + 0.5,
            cast({{ n_applicants }} - {{ n_defaulted }} as double) + 0.5
        )
    end
{%- endmacro %}
