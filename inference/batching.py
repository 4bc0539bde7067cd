"""One tagger for many requests: the sentences of all that wait are tagged together.

Requests have their turn one after the other, a share of their sentences at a time, so that
one with very much text does not keep the others waiting.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from .types import TaggedSentence

Place = tuple[str, int, int]  # a text, and a sentence's start and end in it

# A request's sentences in one turn: more than most articles have, so that requests of
# common size are done in the order in which they came.
SHARE = 32
# Sentences in a batch for each core: half a second of work or so. Whoever comes meanwhile
# waits that long.
_BATCH = 64


class TagsSentences(Protocol):
    """What is needed of a tagger."""

    def tag_sentences(self, places: Sequence[Place]) -> list[TaggedSentence]: ...


class Abandoned(Exception):
    """What is left of a request's sentences will not be tagged: the process ends."""


@dataclass(eq=False)
class Job:
    """The sentences of a request, and what has become of them.

    `answer` gets the tagged sentences in the same order; cancel it, and those that are not
    with the tagger yet never go there.
    """

    places: Sequence[Place]
    answer: Future[list[TaggedSentence]] = field(default_factory=Future)
    given: int = 0  # sentences that have gone to the tagger
    found: list[TaggedSentence] = field(default_factory=list)


class Batches:
    """A thread that tags what is handed in, as long as it is not closed."""

    def __init__(self, tagger: TagsSentences, threads: int = 1) -> None:
        self._tagger = tagger
        self._most = _BATCH * threads
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="stancewire-tagger", daemon=True)
        self._thread.start()

    def submit(self, places: Sequence[Place]) -> Job:
        """Hands in sentences; the job's `answer` is there once all are tagged."""
        job = Job(places)
        if not places:
            job.answer.set_result([])
            return job
        with self._changed:
            if self._closed:
                job.answer.set_exception(Abandoned())
                return job
            self._waiting.append(job)
            self._changed.notify()
        job.answer.add_done_callback(lambda _: self._forget(job))
        return job

    def close(self) -> None:
        """Takes nothing more, abandons what waits, and ends after the batch under way."""
        with self._changed:
            self._closed = True
            left = list(self._waiting)
            self._waiting.clear()
            self._changed.notify()
        for job in left:
            _fail(job, Abandoned())

    def join(self) -> None:
        """Waits for the end of the batch under way, once closed."""
        self._thread.join()

    def _forget(self, job: Job) -> None:
        """Takes a job out of those that wait, so that its texts are not kept."""
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)

    def _work(self) -> None:
        while turns := self._turns():
            try:
                self._tag(turns)
            except Exception as error:
                # one request's text must not fail the others': each by itself
                for turn in turns:
                    try:
                        self._tag([turn])
                    except Exception:
                        _fail(turn[0], error)

    def _turns(self) -> list[tuple[Job, Sequence[Place]]]:
        """What is tagged next, once something waits: shares of jobs; none at the end."""
        turns: list[tuple[Job, Sequence[Place]]] = []
        room = self._most
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            while self._waiting and room:
                job = self._waiting.popleft()
                share = job.places[job.given : job.given + min(SHARE, room)]
                job.given += len(share)
                room -= len(share)
                turns.append((job, share))
                if job.given < len(job.places):
                    self._waiting.append(job)
        return turns

    def _tag(self, turns: Sequence[tuple[Job, Sequence[Place]]]) -> None:
        tagged = iter(self._tagger.tag_sentences([place for _, share in turns for place in share]))
        for job, share in turns:
            job.found.extend(next(tagged) for _ in share)
            if len(job.found) == len(job.places):
                with suppress(InvalidStateError):  # cancelled meanwhile
                    job.answer.set_result(job.found)


def _fail(job: Job, error: Exception) -> None:
    with suppress(InvalidStateError):  # cancelled, or failed already
        job.answer.set_exception(error)
