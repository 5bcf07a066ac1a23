{#
    Population stability index and what belongs to it (Siddiqi 2006; sampling distribution: Yurdakul 2018).

    The index is the sum over bins of (actual - expected) * ln(actual / expected). An empty bin counts as half an
    applicant, because the logarithm of zero would hide all other bins; where no bin is empty the figure is the textbook's.
#}

{#
    Expression: what one bin adds to the index.

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

{#
    Expression: the value that the index exceeds with a probability of 5 % when nothing has shifted, only because both
    samples are finite: (1 / n + 1 / m) times the quantile of chi-square.

    Args:
        n_expected: size of the frozen sample.
        n_actual: size of the sample now.
        n_bins: number of bins with a share in the frozen distribution.
#}
{% macro critical_stability(n_expected, n_actual, n_bins) -%}
    (1.0 / {{ n_expected }} + 1.0 / {{ n_actual }}) * chi_square_quantile(0.95, cast({{ n_bins }} - 1 as double))
{%- endmacro %}

{#
    Expression: the finding in words. A shift that the sizes of the samples explain is none.

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
