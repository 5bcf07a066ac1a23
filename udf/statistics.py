"""Quantiles that dbt models need and SQL lacks, computed by scipy."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import PythonUDFType
from duckdb.sqltypes import DOUBLE
from scipy.special import betaincinv, chdtri

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def beta_quantile(probability: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Quantile of the beta distribution, element by element.

    Args:
        probability: 0 to 1.
        a: First shape parameter, above 0.
        b: Second shape parameter, above 0.

    Returns:
        float64; NaN where a parameter is out of range.

    Example: with 3 defaults among 10 applicants, the default rate is below 0.61 with 97.5 % probability (Jeffreys).
        >>> round(float(beta_quantile(0.975, 3.5, 7.5)), 2)
        0.61
    """
    return np.asarray(betaincinv(a, b, probability))


def chi_square_quantile(probability: np.ndarray, degrees_of_freedom: np.ndarray) -> np.ndarray:
    """Quantile of the chi-square distribution, element by element.

    Args:
        probability: 0 to 1.
        degrees_of_freedom: Above 0.

    Returns:
        float64; NaN where a parameter is out of range.
    """
    return np.asarray(chdtri(degrees_of_freedom, 1 - probability))


QUANTILES: tuple[tuple[Callable[..., np.ndarray], int], ...] = (
    (beta_quantile, 3),
    (chi_square_quantile, 2),
)
"""The functions and their numbers of parameters; they have the same names in SQL and return NULL for NULL."""


def register_statistics(connection: DuckDBPyConnection) -> None:
    """Register the quantiles in DuckDB."""
    for function, n_parameters in QUANTILES:
        connection.create_function(
            function.__name__,
            _of_arrow(function),
            [DOUBLE] * n_parameters,
            DOUBLE,
            type=PythonUDFType.ARROW,
        )


def register_statistics_on_spark(session: SparkSession) -> None:
    """Register the quantiles in Spark, row by row: they are called for a few rows only."""
    for function, _ in QUANTILES:
        session.udf.register(function.__name__, _of_row(function), "double")


def _of_arrow(function: Callable[..., np.ndarray]) -> Callable[..., pa.Array]:
    @wraps(function)  # DuckDB counts the parameters
    def call(*columns: pa.ChunkedArray) -> pa.Array:
        return pa.array(function(*(column.to_numpy() for column in columns)))

    return call


def _of_row(function: Callable[..., np.ndarray]) -> Callable[..., float | None]:
    def call(*values: float | None) -> float | None:
        return None if None in values else float(function(*map(float, values)))  # type: ignore[arg-type]

    return call
