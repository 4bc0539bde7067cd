"""How good a network or model is, by inference's own decoding, and its thresholds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import evaluate
import numpy as np
import torch
from stancewire import decode
from stancewire.labels import LabelledSentence
from stancewire.pieces import PieceReader
from stancewire.tagger import Tagger
from stancewire.types import STANCES, TaggedSentence
from torch import nn

from .data import shown
from .export import transitions

# Less than this is chance on the some hundred stances that there are to fit on.
_SLACK = 0.02
_FEW = 20
UNDECIDED = dict.fromkeys(STANCES, 0.5)
ALL = dict.fromkeys(STANCES, 0.0)


def tag_whole(tagger: Tagger, sentences: Sequence[LabelledSentence]) -> list[TaggedSentence]:
    """Tags labelled sentences, each as the one sentence that it is."""
    return [found[0] for found in tagger.predict([s.text for s in sentences], split=False)]


def tag_in_float(
    network: nn.Module,
    reader: PieceReader,
    thresholds: dict[str, float],
    sentences: Sequence[LabelledSentence],
) -> list[TaggedSentence]:
    """Tags labelled sentences as `tag_whole` does, by the network before it is quantized."""
    config = {"thresholds": thresholds, "transitions": transitions(network)}
    tagger = Tagger(_TorchSession(network), reader, config)
    was_training = network.training
    network.eval()
    try:
        return tag_whole(tagger, sentences)
    finally:
        network.train(was_training)


class _TorchSession:
    """A network in the place of an ONNX Runtime session."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def run(self, _: Any, feeds: dict[str, Any]) -> list[Any]:
        device = next(self.network.parameters()).device
        with torch.inference_mode():
            outputs = self.network(
                torch.from_numpy(feeds["input_ids"]).to(device),
                torch.from_numpy(feeds["attention_mask"]).to(device),
            )
        return [output.float().cpu().numpy() for output in outputs]


def at_thresholds(
    tagged: Sequence[TaggedSentence], thresholds: dict[str, float]
) -> list[TaggedSentence]:
    """What sentences tagged with lower thresholds are at these."""
    moved = []
    for sentence in tagged:
        label = decode.label(sentence.scores, thresholds)
        stances = tuple(s for s in sentence.stances if s.score >= thresholds[s.stance])
        moved.append(replace(sentence, label=label, score=sentence.scores[label], stances=stances))
    return moved


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


def thresholds_for_news(
    gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]
) -> dict[str, float]:
    """Thresholds fitted on the sentences that hold stances as often as the news does.

    These are real ones and those written in the manner of real ones. Where they hold too
    few of a stance (`_FEW`) all sentences decide over it.
    """
    news = [i for i, sentence in enumerate(gold) if not shown(sentence)]
    of_news = fit_thresholds([gold[i] for i in news], [tagged[i] for i in news])
    of_all = fit_thresholds(gold, tagged)
    enough = {s for s in STANCES if sum(s in gold[i].labels for i in news) >= _FEW}
    return {stance: (of_news if stance in enough else of_all)[stance] for stance in STANCES}


def fit_thresholds(
    gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]
) -> dict[str, float]:
    """For each stance a threshold with a good F1, in steps of 0.05.

    F1 is flat and ragged around its best, and an extreme threshold serves other texts
    badly: of the thresholds within `_SLACK` of the best F1 the one nearest to 0.5 is
    taken. A stance that `gold` does not hold keeps 0.5.
    """
    thresholds = dict(UNDECIDED)
    for stance in STANCES:
        true = np.array([stance in sentence.labels for sentence in gold], dtype=bool)
        score = np.array([sentence.scores[stance] for sentence in tagged])
        if not true.any():
            continue
        f1 = {}
        for step in range(2, 19):
            over = score >= step / 20
            f1[step] = 2 * float((over & true).sum()) / float(over.sum() + true.sum())
        good = [step for step, value in f1.items() if value >= max(f1.values()) - _SLACK]
        thresholds[stance] = min(good, key=lambda step: abs(step - 10)) / 20
    return thresholds
