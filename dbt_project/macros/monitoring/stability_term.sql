{#
    Expression: what one bin adds to the population stability index (Siddiqi 2006).

    The index is the sum over bins of (actual - expected) * ln(actual / expected). An empty bin counts as half an
    applicant, because the logarithm of zero would hide all other bins; where no bin is empty the figure is the textbook's.

    Args:
        expected_share: share of the bin in the frozen distribution.
        n_expected: number that distribution was taken from.
        n_bin: number in the bin now.
        n_actual: number in all bins now.
#}
{% macro stability_term(expected_share, n_expected, n_bin, n_actual) -%}
    {%- set expected = "greatest(" ~ expected_share ~ ", 0.5 / " ~ n_expected ~ ")" -%}
    {%- set actual = "greatest(" ~ n_bin ~ ", 0.5) / " ~ n_actual -%}
    case
        when {{ expected_share }} = 0 and {{ n_bin }} = 0 then 0.0
        else ({{ actual }} - {{ expected }}) * ln({{ actual }} / {{ expected }})
    end
{%- endmacro %}
