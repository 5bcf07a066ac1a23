"""Quantiles that the monitoring models need and SQL does not have, computed by scipy."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import PythonUDFType
from duckdb.sqltypes import DOUBLE
from scipy.special import betaincinv, chdtri


def beta_quantile(probability: pa.ChunkedArray, a: pa.ChunkedArray, b: pa.ChunkedArray) -> pa.Array:
    """Quantile of the beta distribution, row by row.

    Args:
        probability: 0 to 1, N doubles.
        a: First shape parameter, above 0, N doubles.
        b: Second shape parameter, above 0, N doubles.

    Returns:
        N doubles; NaN where a parameter is out of range.
    """
    return pa.array(betaincinv(a.to_numpy(), b.to_numpy(), probability.to_numpy()))


def chi_square_quantile(
    probability: pa.ChunkedArray, degrees_of_freedom: pa.ChunkedArray
) -> pa.Array:
    """Quantile of the chi-square distribution, row by row.

    Args:
        probability: 0 to 1, N doubles.
        degrees_of_freedom: Above 0, N doubles.

    Returns:
        N doubles; NaN where a parameter is out of range.
    """
    return pa.array(chdtri(degrees_of_freedom.to_numpy(), 1 - probability.to_numpy()))


QUANTILES: tuple[tuple[Callable[..., pa.Array], int], ...] = (
    (beta_quantile, 3),
    (chi_square_quantile, 2),
)
"""The functions and their numbers of parameters."""


def register_statistics(connection: DuckDBPyConnection) -> None:
    """Register the quantiles as SQL functions of the same name; NULL in gives NULL out, DuckDB's default."""
    for function, n_parameters in QUANTILES:
        connection.create_function(
            function.__name__,
            function,
            [DOUBLE] * n_parameters,
            DOUBLE,
            type=PythonUDFType.ARROW,
        )
