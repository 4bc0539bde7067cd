"""Tagging many articles: read ahead, tag, hand on, and keep count."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .documents import Article, Reading, Skipped, places, read_articles
from .output import Output, OutputError
from .records import records
from .rows import Fields
from .tagger import ARTICLES_AHEAD, Tagger
from .types import TaggedSentence

Emit = Callable[[Article, list[TaggedSentence]], object]

# So many inputs are read ahead of the tagger at most; bounds memory where most are bad.
_MOST_WAITING = 1000


@dataclass
class Counts:
    """What a run has done so far: inputs settled, tagged or failed, and sentences."""

    inputs: int = 0
    articles: int = 0
    failed: int = 0
    sentences: int = 0
    size: int = 0  # bytes read


class Stopped(ValueError):
    """With `strict`, the first input that could not be read."""


def tag_articles(
    tagger: Tagger,
    paths: Iterable[str | Path],
    emit: Emit,
    *,
    fields: Fields = Fields(),  # noqa: B008 - frozen
    split: bool = True,
    strict: bool = False,
    said: Callable[[Skipped], object] = lambda _: None,
    counted: Callable[[Counts], object] = lambda _: None,
    own: Sequence[os.stat_result] = (),
) -> Counts:
    """Tags all articles of `paths` and hands each to `emit`, in order.

    `said` gets what was skipped, `counted` the counts after each article; `own` are the
    files that `emit` writes to, which are not read. Memory does not grow with the input.
    Raises Stopped with `strict`.
    """
    run = _Run(tagger, paths, fields, split, strict, said, counted, own, Reading())
    for article, tagged in run:
        emit(article, tagged)
    return run.counts


def tag_to_file(
    tagger: Tagger,
    paths: Iterable[str | Path],
    output: Output,
    *,
    fields: Fields = Fields(),  # noqa: B008 - frozen
    only_stances: bool = False,
    split: bool = True,
    strict: bool = False,
    said: Callable[[Skipped], object] = lambda _: None,
    counted: Callable[[Counts], object] = lambda _: None,
) -> Counts:
    """Like `tag_articles`, into a file that a later run can go on with after a kill.

    The file is brought to disk after every `ARTICLES_AHEAD` articles, and wherever else the
    tagger begins anew, so that what comes after a kill is tagged in the same company.
    """
    reached = output.reached
    reading = Reading(skip=reached.inputs)

    def note(item: Skipped) -> None:
        if item.failed:
            output.fail(item)
        said(item)

    found: list[dict[str, Any]] = []

    def keep() -> None:
        output.write(found)
        counts = run.counts
        output.keep(counts.inputs, run.last, counts.articles, counts.failed, run.mark)
        found.clear()

    run = _Run(
        tagger, paths, fields, split, strict, note, counted, output.own, reading, reached.last,
        reached.mark, settled=keep,
    )  # fmt: skip
    run.counts = Counts(reached.inputs, reached.articles, reached.failed)
    for article, tagged in run:
        found.extend(records(article, tagged, only_stances))
    output.finish()
    return run.counts


def total_size(paths: Iterable[str | Path]) -> int:
    """The bytes of all files to read, for the time left."""
    sizes = 0
    for place in places(paths):
        with suppress(OSError):  # reading it will say what is wrong
            if isinstance(place, Path) and place.is_file():
                sizes += place.stat().st_size
    return sizes


@dataclass
class _Run:
    tagger: Tagger
    paths: Iterable[str | Path]
    fields: Fields
    split: bool
    strict: bool
    said: Callable[[Skipped], object]
    counted: Callable[[Counts], object]
    own: Sequence[os.stat_result]
    reading: Reading
    last: str = ""
    mark: str = ""
    settled: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.counts = Counts()
        self._waiting: deque[Article | Skipped] = deque()
        self._goes_on_after, self._goes_on_mark = self.last, self.mark
        self._all_read = False

    def __iter__(self) -> Iterator[tuple[Article, list[TaggedSentence]]]:
        items = read_articles(self.paths, self.own, self.fields, self.reading)
        while not self._all_read:
            texts = self._texts(items)
            for number, tagged in enumerate(self.tagger.stream(texts, split=self.split), 1):
                self._pass_skipped()
                article = self._waiting.popleft()
                assert isinstance(article, Article)
                self.counts.inputs += 1
                self.counts.articles += 1
                self.counts.sentences += len(tagged)
                self.counts.size = self.reading.size
                self.last, self.mark = article.where, article.mark
                yield article, tagged
                if number % ARTICLES_AHEAD == 0:
                    self.settled()
                self.counted(self.counts)
            self._pass_skipped()
            self.settled()

    def _texts(self, items: Iterator[Article | Skipped]) -> Iterator[str]:
        """The next texts to tag; ends early where that many inputs wait for the tagger."""
        for item in items:
            self._check_place()
            self._waiting.append(item)
            if isinstance(item, Article):
                yield item.text
            elif self.strict and item.failed:
                break  # what comes before it is tagged first
            elif isinstance(self._waiting[0], Skipped):
                self._pass_skipped()  # said at once, where no article is before it
            elif len(self._waiting) >= _MOST_WAITING:
                return
        else:
            self._check_place()
        self._all_read = True

    def _check_place(self) -> None:
        """Whether what was passed over ends where the run to go on with had come to."""
        here = self._goes_on_after, self._goes_on_mark
        if self.reading.skip or (self.reading.last, self.reading.mark) != here:
            raise OutputError(
                f"the inputs have changed: the run to go on with had come to "
                f"{self._goes_on_after}, which is not in that place now; "
                "start anew with --overwrite"
            )

    def _pass_skipped(self) -> None:
        while self._waiting and isinstance(item := self._waiting[0], Skipped):
            if self.strict and item.failed:
                raise Stopped(f"stopped at {item.where}: {item.why}")
            self._waiting.popleft()
            self.counts.inputs += 1
            self.counts.failed += item.failed
            self.last, self.mark = item.where, ""
            self.said(item)
