"""Building blocks of the encoder's machine code.

Each row sums its inputs in ascending order, independently of other rows, and no operation is fused or reordered, so a
row's result is the same in every batch, thread and machine.
"""

from __future__ import annotations

import numpy as np

from models_ml.scoring.kernels.compile import kernel

ZERO, ONE = np.float32(0), np.float32(1)


@kernel
def dense(inputs, n_rows, weights, bias, outputs):  # type: ignore[no-untyped-def]
    """``outputs = bias + inputs @ weights`` for the first rows.

    Args:
        inputs: Of shape (>= n_rows, I).
        n_rows: Rows to compute.
        weights: Of shape (I, O).
        bias: Of shape (O,).
        outputs: Result, of shape (>= n_rows, O); its precision is that of the sums.
    """
    n_inputs, n_outputs = weights.shape
    for r in range(n_rows):
        for j in range(n_outputs):
            outputs[r, j] = bias[j]
    # Eight inputs at a time keep the sum in a register and eight rows of weights in the cache.
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
def relu_slope(a, b):  # type: ignore[no-untyped-def]
    """Slope of the line through a rectifier's values at ``a`` and ``b``; if they are equal, the rectifier's slope."""
    high, low = max(a, b), min(a, b)
    # No branch around the division, so that loops calling this can be vectorised.
    same = high <= low
    change = (ONE if low >= ZERO else ZERO) if same else max(high, ZERO) - max(low, ZERO)
    return change / (ONE if same else high - low)
