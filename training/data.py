"""Labelled sentences as arrays that the network learns from."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from stancewire.decode import BEGIN, INSIDE, OUT
from stancewire.labels import LabelledSentence
from stancewire.pieces import PieceReader, Pieces
from stancewire.types import CHANNELS, STANCES
from torch import Tensor

from .augment import drop_punctuation, names, swap_parties
from .network import IGNORED
from .recipe import Recipe
from .teach import UNLABELLED, Lesson

_NUMBERS = ("shown", "labelled", "stance_labels")


def shown(sentence: LabelledSentence) -> bool:
    """Whether a sentence was written for the seeds other than in the manner of a real one."""
    return "round" in sentence.more and "like" not in sentence.more


def to_dataset(
    sentences: Sequence[LabelledSentence],
    reader: PieceReader,
    lessons: Mapping[str, Lesson] | None = None,
) -> Dataset:
    """A dataset with a row a sentence, in order.

    `input_ids` is a list of pieces; `first` the first piece of each word; `shown` 1 for a
    sentence written to show stances, else 0; `stance_labels` three numbers, 0 or 1;
    `span_labels` a list (words) of eight tags, `IGNORED` where there is nothing to learn;
    `labelled` 0 for a sentence that nobody labelled. With `lessons`, `taught_stances` and
    `taught_spans` hold what a teacher says of it, the latter as the bytes of half floats
    (words, 8, 3).
    """
    read = reader.read([sentence.text for sentence in sentences])
    rows = [_row(sentence, pieces) for sentence, pieces in zip(sentences, read, strict=True)]
    if lessons is not None:
        for row, sentence, pieces in zip(rows, sentences, read, strict=True):
            row |= _taught(lessons[sentence.text], pieces)
    return Dataset.from_list(rows)


def _taught(lesson: Lesson, pieces: Pieces) -> dict[str, Any]:
    unsaid = np.full((len(CHANNELS), 3), np.nan, np.float16)  # a word that the teacher cut off
    spans = [lesson.spans.get(word, unsaid) for word in pieces.words]
    return {
        "taught_stances": lesson.stances.tolist(),
        "taught_spans": np.array(spans, dtype=np.float16).tobytes(),
    }


def _row(sentence: LabelledSentence, pieces: Pieces) -> dict[str, Any]:
    return {
        "input_ids": pieces.ids,
        "length": len(pieces.ids),
        "first": pieces.first,
        "shown": float(shown(sentence)),
        "labelled": float(sentence.where != UNLABELLED),
        "stance_labels": [float(stance in sentence.labels) for stance in STANCES],
        "span_labels": span_labels(sentence, pieces),
    }


class Redressed(torch.utils.data.Dataset[dict[str, Any]]):
    """Rows as `to_dataset` gives them, each time with other party names or without its marks.

    How often is up to the recipe. The same seed gives the same rows in the same order.
    """

    def __init__(
        self, sentences: Sequence[LabelledSentence], reader: PieceReader, recipe: Recipe
    ) -> None:
        self.sentences, self.reader, self.recipe = sentences, reader, recipe
        self.names = names(sentences)
        self.chance = random.Random(recipe.seed)

    def __len__(self) -> int:
        return len(self.sentences)

    def __getitem__(self, index: int) -> dict[str, Any]:
        sentence = self.sentences[index]
        if self.chance.random() < self.recipe.swap_parties:
            sentence = swap_parties(sentence, self.names, self.chance)
        if self.chance.random() < self.recipe.drop_punctuation:
            sentence = drop_punctuation(sentence)
        return _row(sentence, self.reader.read([sentence.text])[0])


def span_labels(sentence: LabelledSentence, pieces: Pieces) -> list[list[int]]:
    """The tags of one sentence, shape (words, channels).

    A role that was not annotated for a stance that the sentence carries is ignored
    throughout.
    """
    table = [[IGNORED] * len(CHANNELS) for _ in pieces.words]
    if sentence.where == UNLABELLED:
        return table
    for channel, (stance, role) in enumerate(CHANNELS):
        places = sentence.places(stance, role)
        if places is None:
            continue
        spans = sorted(places)
        before: tuple[int, int] | None = None
        for word, (start, end) in enumerate(pieces.words):
            inside = next((s for s in spans if s[0] < end and start < s[1]), None)
            table[word][channel] = OUT if inside is None else INSIDE if inside == before else BEGIN
            before = inside
    return table


def collate(rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
    """Pads rows of `to_dataset` to the longest of the batch.

    Piece 0 fills up and the attention mask hides it; -1 fills up the words.
    """
    pieces = max(len(row["input_ids"]) for row in rows)
    words = max(1, *(len(row["first"]) for row in rows))
    ids = torch.zeros(len(rows), pieces, dtype=torch.long)
    mask = torch.zeros(len(rows), pieces, dtype=torch.long)
    first = torch.full((len(rows), words), -1, dtype=torch.long)
    spans = torch.full((len(rows), words, len(CHANNELS)), IGNORED, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row["input_ids"])] = torch.tensor(row["input_ids"])
        mask[i, : len(row["input_ids"])] = 1
        if row["first"]:
            first[i, : len(row["first"])] = torch.tensor(row["first"])
            spans[i, : len(row["first"])] = torch.tensor(row["span_labels"])
    batch = {
        "input_ids": ids,
        "attention_mask": mask,
        "first": first,
        "span_labels": spans,
        **{name: torch.tensor([row[name] for row in rows], dtype=torch.float) for name in _NUMBERS},
    }
    if "taught_stances" in rows[0]:
        taught = torch.zeros(len(rows), words, len(CHANNELS), 3)
        for i, row in enumerate(rows):
            said = np.frombuffer(row["taught_spans"], np.float16).reshape(-1, len(CHANNELS), 3)
            taught[i, : len(said)] = torch.from_numpy(said.astype(np.float32))
        batch["taught_spans"] = taught
        stances = [row["taught_stances"] for row in rows]
        batch["taught_stances"] = torch.tensor(stances, dtype=torch.float)
    return batch
