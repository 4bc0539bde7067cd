"""Labelled sentences as arrays that the network learns from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset
from stancewire.labels import LabelledSentence
from stancewire.pieces import PieceReader, Pieces
from stancewire.types import CHANNELS, STANCES
from torch import Tensor

from .network import IGNORED

OUT, BEGIN, INSIDE = 0, 1, 2


def to_dataset(sentences: Sequence[LabelledSentence], reader: PieceReader) -> Dataset:
    """A dataset with a row a sentence, in order.

    `input_ids` is a list of pieces; `stance_labels` three numbers, 0 or 1; `span_labels`
    a list (pieces) of eight tags, `IGNORED` where there is nothing to learn.
    """
    read = reader.read([sentence.text for sentence in sentences])
    return Dataset.from_dict(
        {
            "input_ids": [pieces.ids for pieces in read],
            "length": [len(pieces.ids) for pieces in read],
            "stance_labels": [
                [float(stance in sentence.labels) for stance in STANCES] for sentence in sentences
            ],
            "span_labels": [
                span_labels(sentence, pieces)
                for sentence, pieces in zip(sentences, read, strict=True)
            ],
        }
    )


def span_labels(sentence: LabelledSentence, pieces: Pieces) -> list[list[int]]:
    """The tags of one sentence, shape (pieces, channels).

    Only the first piece of a word has tags. A role that was not annotated for a stance
    that the sentence carries is ignored throughout.
    """
    table = [[IGNORED] * len(CHANNELS) for _ in pieces.ids]
    for channel, (stance, role) in enumerate(CHANNELS):
        marked = [item for item in sentence.stances if item.stance == stance]
        if any(role not in item.spans for item in marked):
            continue
        spans = sorted({(s.start, s.end) for item in marked for s in item.spans[role]})
        open_span: tuple[int, int] | None = None
        for (start, end), first in zip(pieces.words, pieces.first, strict=True):
            inside = next((s for s in spans if s[0] < end and start < s[1]), None)
            tag = OUT if inside is None else INSIDE if inside == open_span else BEGIN
            table[first][channel] = tag
            open_span = inside
    return table


def collate(rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
    """Pads rows of `to_dataset` to the longest of the batch.

    Piece 0 fills up; the attention mask hides it.
    """
    longest = max(len(row["input_ids"]) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    spans = torch.full((len(rows), longest, len(CHANNELS)), IGNORED, dtype=torch.long)
    for i, row in enumerate(rows):
        length = len(row["input_ids"])
        ids[i, :length] = torch.tensor(row["input_ids"])
        mask[i, :length] = 1
        spans[i, :length] = torch.tensor(row["span_labels"])
    stances = torch.tensor([row["stance_labels"] for row in rows], dtype=torch.float)
    return {
        "input_ids": ids, "attention_mask": mask, "stance_labels": stances, "span_labels": spans,
    }  # fmt: skip
