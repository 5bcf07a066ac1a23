{# Upper bound of the Jeffreys interval of a default rate; arguments as for default_rate_low(). #}
{% macro default_rate_high(n_defaulted, n_applicants, level=0.95) -%}
    case
        when {{ n_applicants }} = 0 then null
        when {{ n_defaulted }} = {{ n_applicants }} then cast(1 as double)
        else beta_quantile(
            {{ (1 + level) / 2 }},
            cast({{ n_defaulted }} as double) + 0.5,
            cast({{ n_applicants }} - {{ n_defaulted }} as double) + 0.5
        )
    end
{%- endmacro %}
