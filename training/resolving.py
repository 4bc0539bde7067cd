"""How often a source is led back to the right name: `python -m stancewire.training.resolving`.

A folder holds articles as .txt and `answers.jsonl`, a line an article: `article` names its
file, `part` the set that it belongs to, and `sources` are spans (`source`, `start`) with
`resolved`, the mentions (`text`, `start`) of which any is right; none where a source shall
stay as it is. One that is `optional` may stay so as well.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stancewire.resolve import Bounds, resolve
from stancewire.sentences import split_sentences
from stancewire.tagger import predict
from stancewire.types import Resolved


@dataclass
class Counts:
    """Sources looked at, those that go back to a name, names given, and right ones.

    `right` is a span that overlaps the right mention, `exact` one of the same bounds.
    """

    sources: int = 0
    wanted: int = 0
    given: int = 0
    right: int = 0
    exact: int = 0

    @property
    def precision(self) -> float:
        return self.right / max(1, self.given)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.wanted)

    def tell(self) -> str:
        """The counts in one line."""
        return (
            f"{self.sources} sources, {self.wanted} to resolve, {self.given} resolved, "
            f"{self.right} right ({self.exact} to the letter): "
            f"precision {self.precision:.3f}, recall {self.recall:.3f}"
        )


def measure(folder: Path, tagged: bool = False) -> dict[str, Counts]:
    """Resolves the marked sources of each part; with `tagged` those that the tagger finds too.

    Raises OSError where a file is missing.
    """
    parts: dict[str, Counts] = {}
    for article, text, given in _articles(folder):
        if tagged:
            found = {(s.start, s.end) for t in predict(text) for x in t.stances for s in x.source}
            given = {bounds: answer for bounds, answer in given.items() if bounds in found}
        counts = parts.setdefault(article["part"], Counts())
        for answer, said in zip(
            given.values(), resolve(text, split_sentences(text), list(given)), strict=True
        ):
            _count(counts, answer, said)
    return parts


def _articles(folder: Path) -> Iterator[tuple[dict[str, str], str, dict[Bounds, _Answer]]]:
    for line in (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines():
        article = json.loads(line)
        text = (folder / article["article"]).read_text(encoding="utf-8")
        given = {}
        for source in article["sources"]:
            right = {_bounds(mention["text"], mention["start"]) for mention in source["resolved"]}
            bounds = _bounds(source["source"], source["start"])
            given[bounds] = _Answer(right, source.get("optional", False))
        yield article, text, given


@dataclass(frozen=True)
class _Answer:
    right: set[Bounds]
    optional: bool


def _bounds(text: str, start: int) -> Bounds:
    return start, start + len(text)


def _count(counts: Counts, answer: _Answer, said: Resolved | None) -> None:
    right = said is not None and any(
        said.start < end and start < said.end for start, end in answer.right
    )
    counts.sources += 1
    counts.wanted += bool(answer.right) and (right or not answer.optional)
    counts.given += said is not None
    counts.right += right
    counts.exact += said is not None and (said.start, said.end) in answer.right


def main() -> None:
    parser = argparse.ArgumentParser(description="How often a source gets the right name.")
    parser.add_argument("folder", type=Path, help="articles with answers.jsonl")
    parser.add_argument("--tagged", action="store_true", help="only sources that the tagger finds")
    options = parser.parse_args()
    for part, counts in measure(options.folder, options.tagged).items():
        print(f"{part}: {counts.tell()}")


if __name__ == "__main__":
    main()
