"""What a teacher says of sentences, for a student to learn from beside or instead of labels.

Hinton, Vinyals and Dean 2015, "Distilling the knowledge in a neural network". The teacher is
any model folder; it speaks of words, so it may cut them into other pieces than the student.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from stancewire.documents import Skipped, read_articles
from stancewire.labels import LabelledSentence
from stancewire.language import looks_english
from stancewire.sentences import split_sentences
from stancewire.tagger import Tagger
from stancewire.types import CHANNELS, STANCES
from torch import Tensor
from torch.nn import functional

from .network import of_words
from .parts import digest

# Where a sentence says it is from that nobody labelled.
UNLABELLED = "unlabelled"
# Shorter runs of words are headings and captions more often than sentences.
_FEWEST_WORDS = 5


@dataclass(frozen=True)
class Lesson:
    """A sentence as the teacher reads it.

    `stances` holds the probabilities of the stances, shape (3,); `spans` the span logits of
    each word, by the word's (start, end), shape (8, 3).
    """

    stances: NDArray[np.float32]
    spans: dict[tuple[int, int], NDArray[np.float16]]


def lessons(teacher: Tagger, texts: Sequence[str]) -> dict[str, Lesson]:
    """What `teacher` says of each of `texts`, each as one sentence."""
    found = {}
    for text, reading in zip(texts, teacher.read(texts), strict=True):
        by_word = dict(zip(reading.words, reading.spans.astype(np.float16), strict=True))
        found[text] = Lesson(reading.stances, by_word)
    return found


def unlabelled(
    paths: Sequence[str | Path], most: int, apart: Collection[str] = ()
) -> tuple[list[LabelledSentence], list[str]]:
    """At most `most` sentences out of articles, the same ones every time, and remarks.

    Articles are read as `stancewire tag` reads them. Left out are sentences that do not look
    English, very short ones, and those in `apart`. The second list names what could not
    be read.
    """
    remarks: list[str] = []
    texts: dict[str, None] = {}
    for article in read_articles(paths):
        if isinstance(article, Skipped):
            remarks.append(f"{article.where}: {article.why}")
        elif looks_english(article.text):
            texts.update(dict.fromkeys(_sentences(article.text)))
    known = {_on_one_line(text) for text in apart}
    left = [LabelledSentence(text, (), where=UNLABELLED) for text in texts if text not in known]
    return sorted(left, key=digest)[:most], remarks


def _sentences(text: str) -> Iterator[str]:
    for start, end in split_sentences(text):
        sentence = _on_one_line(text[start:end])
        if len(sentence.split()) >= _FEWEST_WORDS:
            yield sentence


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def lesson_loss(
    stance_logits: Tensor,
    span_logits: Tensor,
    first: Tensor,
    taught_stances: Tensor,
    taught_spans: Tensor,
    absent_weight: float,
) -> Tensor:
    """How far the student is from its teacher: one number.

    `taught_stances` (B, 3) holds probabilities, `taught_spans` (B, W, 8, 3) logits of words,
    NaN where the teacher did not read so far, and `first` (B, W) each word's first piece in
    `span_logits` (B, T, 8, 3), -1 behind the last. The channels of a stance count as much as
    the teacher is sure of it, and at least `absent_weight`.
    """
    of_stance = functional.binary_cross_entropy_with_logits(stance_logits, taught_stances)
    words = functional.log_softmax(of_words(span_logits, first), -1)  # (B, W, 8, 3)
    teacher = functional.log_softmax(taught_spans.nan_to_num(), -1)
    apart = (teacher.exp() * (teacher - words)).sum(-1)  # (B, W, 8)
    channel_of = torch.tensor([STANCES.index(s) for s, _ in CHANNELS], device=first.device)
    held = taught_stances[:, channel_of]  # (B, 8)
    said = (first >= 0)[:, :, None] & ~taught_spans.isnan().any(-1)  # (B, W, 8)
    weight = (held + absent_weight * (1 - held))[:, None] * said
    return of_stance + (apart * weight).sum() / weight.sum().clamp(min=1.0)
