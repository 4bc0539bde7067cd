"""The seed corpus: labelled sentences that ship with stancewire."""

from __future__ import annotations

import hashlib
from pathlib import Path

from stancewire.labels import LabelledSentence, read_labelled

FOLDER = Path(__file__).parent
SPLITS = ("train", "development", "test")


def files() -> list[Path]:
    """The corpus files, in order of their rounds; `round--columns.jsonl` comes first.

    It holds two sentences of rounds 3 and 7 that have between them all fields there are:
    `datasets` takes the columns from the file whose name comes first.
    """
    first = FOLDER / "round--columns.jsonl"
    return sorted(FOLDER.glob("round-*.jsonl"), key=lambda p: (p != first, len(p.name), p.name))


def load(split: str | None = None) -> list[LabelledSentence]:
    """The labelled sentences, all of them or those of one split, in order of rounds and ids.

    Raises ValueError for a split that is none of `SPLITS`.
    """
    if split is not None and split not in SPLITS:
        raise ValueError(f"no split {split!r}; the splits are {', '.join(SPLITS)}")
    sentences = sorted(read_labelled(*files()), key=lambda s: (s.more["round"], s.id))
    return [s for s in sentences if split is None or split_of(group_of(s)) == split]


def group_of(sentence: LabelledSentence) -> str:
    """What must not be torn apart by a split: a beat, or all sentences after one model."""
    like = sentence.more.get("like")
    return f"like {like}" if like is not None else f"beat {sentence.more.get('beat', '')}"


def split_of(group: str) -> str:
    """The split that a group belongs to: 85, 7.5 and 7.5 per cent.

    It follows from the group's name alone, so it never changes as the corpus grows.
    """
    place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2**64
    return "train" if place < 0.85 else "development" if place < 0.925 else "test"
