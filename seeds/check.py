"""Checks on labelled data, and those that only the seed corpus must pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from stancewire.labels import LabelledSentence, read_labelled
from stancewire.types import LABELS, NEUTRAL

from . import SPLITS, group_of, split_of

REGISTERS = ("wire", "broadsheet", "broadcast", "local", "headline", "translated", "analysis")


def problems(files: Sequence[Path], as_corpus: bool = False) -> list[str]:
    """Everything that is wrong with labelled files, each with file and line.

    With `as_corpus`, sentences must also carry what the seeds promise: an id of their
    own, beat, register and round.
    """
    found: list[str] = []
    sentences = read_labelled(*files, problems=found)
    if as_corpus:
        ids: dict[str, str] = {}
        for sentence in sentences:
            found += _corpus_problems(sentence, ids)
    return found


def _corpus_problems(sentence: LabelledSentence, ids: dict[str, str]) -> list[str]:
    found = []
    if not sentence.id:
        found.append("has no id")
    elif ids.setdefault(sentence.id, sentence.where) != sentence.where:
        found.append(f"has the id {sentence.id!r} of {ids[sentence.id]}; give it one of its own")
    if not sentence.more.get("beat"):
        found.append("has no beat")
    if sentence.more.get("register") not in REGISTERS:
        found.append(f"register must be one of {', '.join(REGISTERS)}")
    if not isinstance(sentence.more.get("round"), int):
        found.append("has no round (a number)")
    if sentence.text != sentence.text.strip():
        found.append("has space around its text")
    return [f"{sentence.where}: {what}" for what in found]


def summary(files: Sequence[Path]) -> str:
    """How many sentences there are, by label and by split."""
    sentences = read_labelled(*files)
    labels = Counter(label for s in sentences for label in (s.labels or {NEUTRAL}))
    splits = Counter(split_of(group_of(s)) for s in sentences)
    told = [f"{len(sentences)} labelled sentences, no problem found"]
    told.append(", ".join(f"{label} {labels[label]}" for label in LABELS))
    if any("beat" in s.more for s in sentences):
        told.append(", ".join(f"{split} {splits[split]}" for split in SPLITS))
    return "\n".join(told)
