"""Requests that wait are scored together: one query for many costs little more than one query for one."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from models_ml.live.records import Records
from models_ml.live.scoring import LiveScores, LiveScoring
from models_ml.service.config import ServiceSettings
from models_ml.service.current_model import Champion


class TooBusyError(Exception):
    """More records are waiting than the service allows."""


@dataclass(frozen=True)
class _Waiting:
    records: Records
    answer: asyncio.Future[LiveScores]


class Gatherer:
    """Scores on one thread; requests that arrive while it works form the next batch, so none waits for a timer."""

    def __init__(self, scoring: LiveScoring, champion: Champion, settings: ServiceSettings) -> None:
        self._scoring = scoring
        self._champion = champion
        self._settings = settings
        self._waiting: deque[_Waiting] = deque()
        self._n_waiting = 0
        self._worker: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scoring")

    async def score(self, records: Records) -> LiveScores:
        """Scores of one request.

        Raises:
            TooBusyError: Too many records are waiting already.
            ScorehouseError: The records cannot be scored.
        """
        if self._waiting and self._n_waiting + len(records) > self._settings.max_waiting_records:
            raise TooBusyError
        answer: asyncio.Future[LiveScores] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(records, answer))
        self._n_waiting += len(records)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await answer

    async def close(self) -> None:
        """Score what is waiting, then stop."""
        if self._worker is not None:
            await self._worker
        self._thread.shutdown()

    async def _work(self) -> None:
        while self._waiting:
            batch, n_records = [], 0
            while self._waiting and n_records < self._settings.gather_records:
                batch.append(self._waiting.popleft())
                n_records += len(batch[-1].records)
            self._n_waiting -= n_records
            # Clients that hung up in the meantime need no score.
            batch = [item for item in batch if not item.answer.done()]
            if batch and not await self._score(batch):
                for item in batch:  # one request must not fail the others
                    await self._score([item])

    async def _score(self, batch: list[_Waiting]) -> bool:
        """Answer a batch; False when a batch of several failed, which is then unanswered."""
        # One model for the whole batch, even if another is promoted meanwhile.
        requests, scorer = [item.records for item in batch], self._champion.scorer
        scored = asyncio.get_running_loop().run_in_executor(
            self._thread, self._scoring.score, requests, scorer
        )
        await asyncio.wait([scored])
        error = scored.exception()
        if error is not None and len(batch) > 1:
            return False
        for number, item in enumerate(batch):
            if item.answer.done():
                continue
            if error is not None:
                item.answer.set_exception(error)
            else:
                item.answer.set_result(scored.result()[number])
        return True
