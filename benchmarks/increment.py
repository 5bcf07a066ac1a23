"""What does a run cost when little has changed, and do readers notice it?

One installation with a trained model. First a run that has to do everything but train; then nothing has changed; then
some applicants have one more credit product, in a new raw part. Ratios are to the first run. Meanwhile a reader opens
the published file again and again, as a BI tool does.

    python benchmarks/increment.py --applicants 300000
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb
from harness import Row, report, run_process

from models_ml.jobs.run_log import RUN_LOG
from models_ml.publishing.files import SERVING_FILE
from models_ml.simulator import SimulationSettings, simulate

READ = "select risk_band, count(*), avg(pd) from applicant_scores group by risk_band"
PAUSE_SECONDS = 0.1
SHARES = (0.01, 0.1)
SCOREHOUSE = str(Path(sys.executable).with_name("scorehouse"))


class Reader(threading.Thread):
    """Opens the published file, runs one query and closes it, until told to stop.

    Attributes:
        milliseconds: How long each reading took.
        failures: Errors of the readings that failed.
    """

    def __init__(self, published: Path) -> None:
        super().__init__(daemon=True)
        self.published = published
        self.milliseconds: list[float] = []
        self.failures: list[str] = []
        self._told = threading.Event()

    def run(self) -> None:
        """Read."""
        while not self._told.wait(PAUSE_SECONDS):
            started = time.perf_counter()
            try:
                with duckdb.connect(str(self.published), read_only=True) as connection:
                    connection.execute(READ).fetchall()
            except duckdb.Error as error:
                self.failures.append(str(error))
            self.milliseconds.append(1000 * (time.perf_counter() - started))

    def stop(self) -> dict[str, float]:
        """Stop reading and return what was measured."""
        self._told.set()
        self.join()
        times = self.milliseconds or [0.0]
        cuts = statistics.quantiles(times, n=100) if len(times) > 1 else times * 99
        return {
            "readings": len(self.milliseconds),
            "readings_failed": len(self.failures),
            "reading_p50_ms": round(statistics.median(times), 1),
            "reading_p99_ms": round(cuts[98], 1),
        }


def add_products(raw: Path, share: float) -> int:
    """Give a share of the applicants one more product, a copy of their newest, in a new part; their number."""
    number = len(list(raw.glob("train_data_*.pq")))
    with duckdb.connect() as connection:
        found = connection.execute(
            "copy (select * replace (rn + 1 as rn) from read_parquet($parts) "
            "where hash(id) % 10000 < $limit qualify row_number() over (partition by id order by rn desc) = 1) "
            f"to '{raw / f'train_data_{number}.pq'}' (format parquet)",
            {"parts": str(raw / "train_data_*.pq"), "limit": round(10_000 * share)},
        ).fetchone()
    return int(found[0]) if found else 0


def measure(name: str, changed: int, rows: int, home: Path, raw: Path) -> Row:
    """One run of the main job while a reader is active."""
    environment = {"SCOREHOUSE_HOME": str(home), "SCOREHOUSE_RAW": str(raw)}
    reader = Reader(home / "published" / SERVING_FILE)
    if reader.published.exists():
        reader.start()
    cost = run_process([SCOREHOUSE, "run"], environment)
    reading = reader.stop() if reader.is_alive() else {}
    ending = json.loads((home / RUN_LOG).read_text().splitlines()[-1])
    steps = {f"{step}_s": round(value, 1) for step, value in ending["seconds"].items()}
    print(f"  {name}: {cost.seconds:.1f} s", file=sys.stderr, flush=True)
    return Row(
        question="increment (applicants)",
        contender=name,
        rows=rows,
        seconds=round(cost.seconds, 3),
        cpu_seconds=round(cost.cpu_seconds, 3),
        peak_mb=round(cost.peak_mb, 1),
        ratio=1.0,
        figures={"changed": changed, **steps, **reading},
    )


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applicants", type=int, default=30_000)
    parser.add_argument("--raw", type=Path, help="raw folder to copy instead of simulating one")
    parser.add_argument("--artifacts", type=Path, help="artifacts to use instead of training")
    options = parser.parse_args()
    n = options.applicants
    with tempfile.TemporaryDirectory() as folder:
        raw, home = Path(folder) / "raw", Path(folder) / "home"
        if options.raw:
            shutil.copytree(options.raw, raw)
        else:
            simulate(SimulationSettings(applicants=n), raw)
        if options.artifacts:
            shutil.copytree(options.artifacts, home / "artifacts")
        else:
            environment = {"SCOREHOUSE_HOME": str(home), "SCOREHOUSE_RAW": str(raw)}
            run_process([SCOREHOUSE, "run"], environment)
            for path in home.iterdir():  # everything but the model is rebuilt
                if path.name != "artifacts":
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        rows = [measure("everything to do", n, n, home, raw)]
        rows.append(measure("nothing changed", 0, n, home, raw))
        for share in SHARES:
            changed = add_products(raw, share)
            rows.append(measure(f"{share:.0%} of the applicants changed", changed, n, home, raw))
    report("increment", [with_ratio(row, rows[0]) for row in rows])


def with_ratio(row: Row, first: Row) -> Row:
    """The row compared with the first one."""
    return Row(**{**vars(row), "ratio": round(row.seconds / first.seconds, 3)})


if __name__ == "__main__":
    main()
