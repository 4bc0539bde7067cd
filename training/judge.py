"""How good a network or model is, by inference's own decoding, and its thresholds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import evaluate
import numpy as np
from stancewire.labels import LabelledSentence
from stancewire.tagger import Tagger
from stancewire.types import STANCES, TaggedSentence

UNDECIDED = dict.fromkeys(STANCES, 0.5)


def tag_whole(tagger: Tagger, sentences: Sequence[LabelledSentence]) -> list[TaggedSentence]:
    """Tags labelled sentences, each as the one sentence that it is."""
    return [found[0] for found in tagger.predict([s.text for s in sentences], split=False)]


def measure(gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]) -> dict[str, float]:
    """The figures of `stancewire.scoring`, by way of our `evaluate.Metric`."""
    figures: dict[str, float] = _metric().compute(
        predictions=[json.dumps(sentence.to_dict()) for sentence in tagged],
        references=[json.dumps(sentence.to_dict()) for sentence in gold],
    )
    return figures


@cache
def _metric() -> Any:
    return evaluate.load(str(Path(__file__).with_name("metric.py")), keep_in_memory=True)


def fit_thresholds(
    gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]
) -> dict[str, float]:
    """For each stance the threshold with the best F1, in steps of 0.05.

    A stance that `gold` does not hold keeps 0.5.
    """
    thresholds = dict(UNDECIDED)
    for stance in STANCES:
        true = np.array([stance in sentence.labels for sentence in gold], dtype=bool)
        score = np.array([sentence.scores[stance] for sentence in tagged])
        if not true.any():
            continue
        best = 0.0
        # from the middle outwards, so that among equals the least extreme one wins
        for step in sorted(range(2, 19), key=lambda s: abs(s - 10)):
            over = score >= step / 20
            f1 = 2 * float((over & true).sum()) / float(over.sum() + true.sum())
            if f1 > best:
                best, thresholds[stance] = f1, step / 20
    return thresholds
