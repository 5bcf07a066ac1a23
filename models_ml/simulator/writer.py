"""Write a simulated bureau: parquet parts, targets and, in a separate file, the oracle."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context, resource_tracker
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models_ml.errors import OutputError, UsageError
from models_ml.runtime.files import whole_file, written_or_explained
from models_ml.simulator.facts import load_facts
from models_ml.simulator.history import BLOCK, Block, draw_block

ROW_GROUP = 120_000  # product rows, about one DuckDB row group
PART = "train_data_{}.pq"
STOPS = {signal.SIGINT, signal.SIGTERM}


@dataclass(frozen=True)
class SimulationSettings:
    """What to simulate.

    Attributes:
        applicants: Number of applicants.
        seed: Seed of every random draw.
        parts: Number of parquet parts; the applicants do not depend on it.
        start_id: Id of the first applicant; application time runs from 0 at id 0 to 1 at the last
            id of the run, so a run with a start id continues the time of earlier applicants.
        workers: Processes; the bytes written do not depend on it.
    """

    applicants: int
    seed: int = 7
    parts: int = 12
    start_id: int = 0
    workers: int = 2

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            UsageError: A number is out of range.
        """
        lowest = {"applicants": 1, "seed": 0, "parts": 1, "start_id": 0, "workers": 1}
        for name, least in lowest.items():
            value = getattr(self, name)
            if value < least:
                raise UsageError(
                    f"Expected {name} >= {least}, found {value}; choose a larger value."
                )
        if self.parts > self.applicants:
            raise UsageError(
                f"Expected no more parts than applicants, found {self.parts} parts for "
                f"{self.applicants} applicants; choose fewer parts."
            )


@dataclass(frozen=True)
class SimulationSummary:
    """What was written: folder, numbers of parts, applicants, product rows and defaulters."""

    folder: Path
    parts: int
    applicants: int
    products: int
    defaulters: int


@dataclass(frozen=True)
class _Part:
    """Applicants of one finished part, each array of shape (applicants,)."""

    ids: NDArray[np.int64]
    flag: NDArray[np.int64]
    probability: NDArray[np.float64]
    products: int


def _whole_file(path: Path) -> AbstractContextManager[Path]:
    """The file, written whole; its temporary name is known, so that another process can remove what is left of it."""
    return whole_file(
        path, "Free space or choose another folder.", path.with_name(f".{path.name}.tmp")
    )


def _blocks_of(settings: SimulationSettings, part: int) -> Iterator[tuple[Block, slice, slice]]:
    """Yield each block of a part with the slices of its applicants and rows that belong there."""
    first = part * settings.applicants // settings.parts
    stop = (part + 1) * settings.applicants // settings.parts
    horizon = settings.start_id + settings.applicants
    for number in range(first // BLOCK, -(-stop // BLOCK)):
        block = draw_block(settings.seed, settings.start_id, number, horizon)
        low, high = max(first - number * BLOCK, 0), min(stop - number * BLOCK, BLOCK)
        ends = np.concatenate([[0], np.cumsum(block.people.products)])
        yield block, slice(low, high), slice(int(ends[low]), int(ends[high]))


def _write_part(settings: SimulationSettings, folder: Path, part: int) -> _Part:
    """Write one part, row group by row group, so memory does not grow with its size."""
    columns = ("id", "rn", *load_facts().columns)
    schema = pa.schema([(name, pa.int64()) for name in columns])
    applicants: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    pending: list[NDArray[np.int64]] = []
    products = waiting = 0
    with (
        _whole_file(folder / PART.format(part)) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd", compression_level=1) as writer,
    ):
        for block, who, rows in _blocks_of(settings, part):
            people = block.people
            keys = np.stack([people.ids[people.owner[rows]], people.rn[rows]])
            pending.append(np.concatenate([keys, block.codes[:, rows].astype(np.int64)]))
            applicants.append((people.ids[who], block.flag[who], block.probability[who]))
            waiting += pending[-1].shape[1]
            products += pending[-1].shape[1]
            if waiting >= ROW_GROUP:
                writer.write_table(_table(pending, schema))
                pending, waiting = [], 0
        if pending:
            writer.write_table(_table(pending, schema))
    ids, flag, probability = (np.concatenate(values) for values in zip(*applicants, strict=True))
    return _Part(ids, flag, probability, products)


def _table(pending: list[NDArray[np.int64]], schema: pa.Schema) -> pa.Table:
    matrix = np.concatenate(pending, axis=1)
    return pa.Table.from_arrays([pa.array(line) for line in matrix], schema=schema)


def _finished_parts(settings: SimulationSettings, folder: Path) -> Generator[_Part]:
    """Yield the parts in order, drawn by ``settings.workers`` processes."""
    numbers = range(settings.parts)
    if settings.workers == 1:
        yield from (_write_part(settings, folder, part) for part in numbers)
        return
    parts: list[Future[_Part]] = []
    with ProcessPoolExecutor(settings.workers, get_context("spawn"), _end_quietly) as pool:
        try:
            with _stops_held_back():  # inherited, so that a worker prints nothing while it starts
                parts += [pool.submit(_write_part, settings, folder, part) for part in numbers]
            for part in parts:
                yield part.result()
        except BrokenProcessPool as failure:
            raise OutputError(
                "A worker process was killed before it finished its part; if memory ran out, free some and try again."
            ) from failure
        finally:
            if not all(part.done() for part in parts):  # the caller has stopped
                for worker in active_children():
                    worker.terminate()


@contextmanager
def _stops_held_back() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM until the end of the block."""
    resource_tracker.ensure_running()  # it starts with the first worker, and would unblock all signals
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def _end_quietly() -> None:
    """Ctrl-C reaches workers too and ends them silently; the parent reports what happened."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as for background jobs of a shell
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


@contextmanager
def _tidied(folder: Path) -> Iterator[None]:
    """Remove the temporary files of workers that were stopped."""
    try:
        yield
    finally:
        for path in folder.glob(f".{PART.format('*')}.tmp"):
            path.unlink(missing_ok=True)


def simulate(
    settings: SimulationSettings,
    out: Path,
    *,
    progress: Callable[[int], None] | None = None,
) -> SimulationSummary:
    """Write ``train_data_*.pq``, ``train_target.csv`` and ``oracle.parquet`` into ``out``.

    The oracle holds the true default probability of each applicant. Nothing that trains or scores
    may read it. Workers are spawned, so with more than one of them the calling script needs an
    ``if __name__ == "__main__"`` guard.

    Args:
        settings: What to simulate.
        out: Folder to write to; created if missing.
        progress: Called after each part with the number of applicants done.

    Raises:
        OutputError: The folder cannot be written.
    """
    with written_or_explained(out, "Choose another folder."):
        out.mkdir(parents=True, exist_ok=True)
        # Written last: a folder without targets is an unfinished run, never a mixture of two.
        (out / "train_target.csv").unlink(missing_ok=True)
    stale = set(out.glob(PART.format("*")))
    done = products = defaulters = 0
    oracle_schema = pa.schema([("id", pa.int64()), ("probability", pa.float64())])
    with (
        _tidied(out),
        _whole_file(out / "train_target.csv") as target_path,
        _whole_file(out / "oracle.parquet") as oracle_path,
        target_path.open("w", encoding="ascii", newline="\n") as target,
        pq.ParquetWriter(oracle_path, oracle_schema, compression="zstd") as oracle,
        closing(_finished_parts(settings, out)) as parts,
    ):
        target.write("id,flag\n")
        for part in parts:
            target.writelines(
                f"{id_},{flag}\n"
                for id_, flag in zip(part.ids.tolist(), part.flag.tolist(), strict=True)
            )
            columns = [pa.array(part.ids), pa.array(part.probability)]
            oracle.write_table(pa.Table.from_arrays(columns, schema=oracle_schema))
            done += len(part.ids)
            products += part.products
            defaulters += int(part.flag.sum())
            if progress is not None:
                progress(done)
    for path in stale - {out / PART.format(part) for part in range(settings.parts)}:
        path.unlink()
    return SimulationSummary(out, settings.parts, done, products, defaulters)
