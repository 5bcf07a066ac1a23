"""Float32 building blocks of the encoder's machine code.

Sums run over the inputs in ascending order for every row, whatever rows stand beside it, and no operation is fused or
reordered, so a row's result is the same in every batch, on every thread and machine.
"""

from __future__ import annotations

import numpy as np

from models_ml.kernels import kernel

ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)
TANH_LIMIT = np.float32(7.90531110763549805)
ODD = tuple(
    np.float32(value)
    for value in (
        4.89352455891786e-03,
        6.37261928875436e-04,
        1.48572235717979e-05,
        5.12229709037114e-08,
        -8.60467152213735e-11,
        2.00018790482477e-13,
        -2.76076847742355e-16,
    )
)
EVEN = tuple(
    np.float32(value)
    for value in (
        4.89352518554385e-03,
        2.26843463243900e-03,
        1.18534705686654e-04,
        1.19825839466702e-06,
    )
)
"""Rational approximation of tanh: odd over even polynomial (coefficients as in the Eigen library)."""


@kernel
def dense(inputs, n_rows, weights, bias, outputs):  # type: ignore[no-untyped-def]
    """``outputs = bias + inputs @ weights`` for the first rows.

    Args:
        inputs: float32 of shape (>= n_rows, I).
        n_rows: Rows to compute.
        weights: float32 of shape (I, O).
        bias: float32 of shape (O,).
        outputs: Result, float32 of shape (>= n_rows, O).
    """
    n_inputs, n_outputs = weights.shape
    for r in range(n_rows):
        for j in range(n_outputs):
            outputs[r, j] = bias[j]
    # Eight inputs at a time: the sum stays in a register and eight rows of weights in the cache.
    for i in range(0, n_inputs - 7, 8):
        w0, w1, w2, w3 = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
        w4, w5, w6, w7 = weights[i + 4], weights[i + 5], weights[i + 6], weights[i + 7]
        for r in range(n_rows):
            x0, x1, x2, x3 = inputs[r, i], inputs[r, i + 1], inputs[r, i + 2], inputs[r, i + 3]
            x4, x5, x6, x7 = inputs[r, i + 4], inputs[r, i + 5], inputs[r, i + 6], inputs[r, i + 7]
            out = outputs[r]
            for j in range(n_outputs):
                value = out[j] + x0 * w0[j] + x1 * w1[j] + x2 * w2[j] + x3 * w3[j]
                out[j] = value + x4 * w4[j] + x5 * w5[j] + x6 * w6[j] + x7 * w7[j]
    for i in range(n_inputs & ~7, n_inputs):
        for r in range(n_rows):
            for j in range(n_outputs):
                outputs[r, j] += inputs[r, i] * weights[i, j]


@kernel
def relu(values, n_rows):  # type: ignore[no-untyped-def]
    """Set negative values of the first rows to zero, in place; NaN stays NaN."""
    for r in range(n_rows):
        row = values[r]
        for j in range(len(row)):
            row[j] = ZERO if row[j] < ZERO else row[j]


@kernel
def tanh(x):  # type: ignore[no-untyped-def]
    """Hyperbolic tangent of one float32, error below 3e-7; without branches, so loops are vectorised."""
    x = TANH_LIMIT if x > TANH_LIMIT else x
    x = -TANH_LIMIT if x < -TANH_LIMIT else x
    square = x * x
    odd = ODD[6]
    odd = odd * square + ODD[5]
    odd = odd * square + ODD[4]
    odd = odd * square + ODD[3]
    odd = odd * square + ODD[2]
    odd = odd * square + ODD[1]
    odd = odd * square + ODD[0]
    even = EVEN[3]
    even = even * square + EVEN[2]
    even = even * square + EVEN[1]
    even = even * square + EVEN[0]
    return x * odd / even


@kernel
def sigmoid(x):  # type: ignore[no-untyped-def]
    """Logistic function of one float32, error below 2e-7."""
    return HALF + HALF * tanh(HALF * x)
