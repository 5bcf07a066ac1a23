{#
    Expression: the value that the population stability index exceeds with a probability of 5 % when nothing has shifted,
    only because both samples are finite: (1 / n + 1 / m) times the quantile of chi-square (Yurdakul 2018).

    Args:
        n_expected: size of the frozen sample.
        n_actual: size of the sample now.
        n_bins: number of bins with a share in the frozen distribution. A single one counts as two: without a degree of
            freedom the quantile is NaN, which DuckDB takes for larger than every shift.
#}
{% macro critical_stability(n_expected, n_actual, n_bins) -%}
    (1.0 / {{ n_expected }} + 1.0 / {{ n_actual }}) * chi_square_quantile(0.95, cast(greatest({{ n_bins }} - 1, 1) as double))
{%- endmacro %}
