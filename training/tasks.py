"""Sentences on their way to annotators and back: what the formats of all tools share.

A tool marks stretches of a text, each with one label. There is a label for every pair of
stance and part ("accuses_source"), and the bare stance for the words that give it, so that a
stance can be told none of whose parts is in the sentence. A sentence that somebody looked at and
left without a mark is neutral; one that nobody looked at is `Untouched`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from stancewire.labels import LabelError, LabelledSentence, LabelledStance, read_row
from stancewire.moved import cuts_words, whole_words
from stancewire.sentences import strip
from stancewire.types import CHANNELS, NEUTRAL, ROLES, STANCES
from stancewire.words import word_spans

MARKS = (*(f"{stance}_{role}" for stance, role in CHANNELS), *STANCES)

# What is known of a sentence besides its text that gives away what the model thinks of it.
_TELLING = ("scores", "why", "model")


@dataclass(frozen=True)
class Task:
    """A sentence to be labelled.

    `about` is where it comes from and whatever else is to come back with its labels.
    `stances` are shown to the annotator, () as a guess that there are none; None shows
    nothing. `done` says that they are somebody's labels, not a guess.
    """

    text: str
    about: dict[str, Any] = field(default_factory=dict)
    stances: tuple[LabelledStance, ...] | None = None
    done: bool = False

    def blind(self) -> Task:
        """The task without the model's guess, which sways those who see it."""
        about = {key: value for key, value in self.about.items() if key not in _TELLING}
        return replace(self, about=about, stances=None, done=False)


@dataclass(frozen=True)
class Reading:
    """What one annotator made of one sentence; the name is "" where nothing tells it."""

    sentence: LabelledSentence
    annotator: str = ""


@dataclass(frozen=True)
class Untouched:
    """A sentence that came back without labels, and why."""

    where: str
    why: str = "not looked at"


@dataclass(frozen=True)
class Mark:
    """A stretch of a text with one of `MARKS`; `words` is its text where the tool gives it."""

    label: str
    start: int
    end: int
    words: str | None = None


def marks(text: str, stances: Sequence[LabelledStance]) -> list[Mark]:
    """The marks that tell `stances` in a tool, in order of their places.

    A stance of which no words are known marks the whole text.
    """
    found = []
    for item in stances:
        spans = [(f"{item.stance}_{role}", s) for role in ROLES for s in item.spans.get(role, ())]
        found += [_stripped(text, label, span.start, span.end) for label, span in spans]
        if cue := _cue(text, item.cue):
            found.append(_stripped(text, item.stance, *cue))
        elif not spans:
            found.append(_stripped(text, item.stance, 0, len(text)))
    return sorted(dict.fromkeys(found), key=lambda mark: (mark.start, mark.end, mark.label))


def _cue(text: str, words: str) -> tuple[int, int] | None:
    """Where the words that give a stance stand first: as whole words, else widened to such."""
    written = re.escape(words.strip())
    whole = re.search(rf"(?<!\w){written}(?!\w)", text, re.IGNORECASE)
    match = whole or re.search(written, text, re.IGNORECASE)
    if not written or not match:
        return None
    inside = [w for w in word_spans(text) if w[0] < match.end() and match.start() < w[1]]
    return min(match.start(), inside[0][0]), max(match.end(), inside[-1][1])


def _stripped(text: str, label: str, start: int, end: int) -> Mark:
    start, end = strip(text, start, end)
    return Mark(label, start, end, text[start:end])


def reading(
    text: str,
    found: Iterable[Mark],
    about: dict[str, Any],
    where: str,
    annotator: str,
    repaired: list[str],
) -> Reading:
    """What an annotator's marks say, by the rules for labels in the full form.

    Marks that a tool moved or that cut into words are put right where there is only one
    way, and `repaired` says so. Raises LabelError for any other fault.
    """
    stances: dict[str, dict[str, Any]] = {}
    neutral = False
    for mark in found:
        stance, role = _split(mark.label)
        if stance == NEUTRAL:
            neutral = True  # wherever it stands
            continue
        span = _span(text, mark, where, repaired)
        parts: dict[str, list[Any]] = {role: [] for name, role in CHANNELS if name == stance}
        item = stances.setdefault(stance, {"stance": stance, **parts})
        if role:
            spans = item.setdefault(role, [])
            spans += [span] if span not in spans else []
        elif span["text"] != text.strip():
            item.setdefault("cue", span["text"])
    if neutral and stances:
        raise LabelError(
            f"{where}: is marked neutral and {', '.join(stances)} at once; keep one of the two"
        )
    row = {**about, "text": text, "stances": list(stances.values())}
    return Reading(read_row(row, where, repaired), annotator)


def _split(label: str) -> tuple[str, str]:
    """Stance and role of a label, as it stands there where it is none of ours."""
    name = label.strip().lower().replace(" ", "_").replace("-", "_")
    stance, _, role = name.rpartition("_")
    return (stance, role) if stance and (stance in STANCES or role in ROLES) else (name, "")


def _span(text: str, mark: Mark, where: str, repaired: list[str]) -> dict[str, Any]:
    start, end, words = mark.start, mark.end, mark.words
    if words is None:
        if not 0 <= start < end <= len(text):
            raise LabelError(
                f"{where}: {mark.label} at {start} to {end} is outside the sentence, which has "
                f"{len(text)} characters"
            )
        words = text[start:end]
    elif text[start:end] != words:
        return {"text": words.strip(), "start": start, "end": end}  # for `read_row` to judge
    start, end = strip(text, start, end)
    words = text[start:end]
    if words and cuts_words(text, start, end):
        span = whole_words(text, start, end)
        if span is None:
            raise LabelError(
                f"{where}: {mark.label} at {start} to {end}, {words!r}, cuts into a word, and "
                "more than one way would put it right; mark whole words"
            )
        repaired.append(
            f"{where}: {mark.label} at {start} to {end}, {words!r}, was read as {span.text!r} at "
            f"{span.start} to {span.end}"
        )
        return span.to_dict()
    return {"text": words, "start": start, "end": end}


def untold(stances: Sequence[LabelledStance]) -> int:
    """How many parts nobody annotated, which marks cannot tell from parts that are not there."""
    return sum(
        (s.stance, role) in CHANNELS and role not in s.spans for s in stances for role in ROLES
    )
