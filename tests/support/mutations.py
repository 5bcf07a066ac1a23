"""Damage of every kind that bytes can take."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Mutation = Callable[[bytearray, np.random.Generator], None]


def flip_bits(content: bytearray, rng: np.random.Generator) -> None:
    for place in rng.integers(0, len(content), rng.integers(1, 20)):
        content[place] ^= 1 << int(rng.integers(8))


def truncate(content: bytearray, rng: np.random.Generator) -> None:
    del content[int(rng.integers(0, len(content))) :]


def swap_blocks(content: bytearray, rng: np.random.Generator) -> None:
    size = int(rng.integers(1, max(2, len(content) // 4)))
    a, b = sorted(rng.integers(0, len(content) - size, 2).tolist())
    content[a : a + size], content[b : b + size] = content[b : b + size], content[a : a + size]


def edit_a_digit(content: bytearray, rng: np.random.Generator) -> None:
    digits = [i for i, byte in enumerate(content) if 48 <= byte <= 57] or [0]
    place = digits[int(rng.integers(len(digits)))]
    content[place] = 48 + (content[place] - 47) % 10


def insert(content: bytearray, rng: np.random.Generator) -> None:
    place = int(rng.integers(0, len(content) + 1))
    content[place:place] = rng.bytes(int(rng.integers(1, 50)))


MUTATIONS: tuple[Mutation, ...] = (flip_bits, truncate, swap_blocks, edit_a_digit, insert)
