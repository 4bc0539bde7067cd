"""Scores that mean what they say: of the stances given 0.9, nine in ten are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from stancewire import decode
from stancewire.labels import LabelledSentence
from stancewire.types import STANCES, TaggedSentence
from torch.nn import functional

from .data import shown
from .network import StanceNetwork

# A scale and a shift can be told from so many sentences with a stance; fewer leave it alone.
_FEW = 20


def calibrate(
    network: StanceNetwork, gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]
) -> dict[str, tuple[float, float]]:
    """Scales and shifts the network's stance logits so that they fit `gold`.

    `tagged` is `gold` as the network tags it. Only sentences that hold stances as often as
    the news does count. Returns (scale, shift) for each stance; (1, 0) is as it was. Platt
    1999, "Probabilistic outputs for support vector machines".
    """
    news = [i for i, sentence in enumerate(gold) if not shown(sentence)]
    fitted: dict[str, tuple[float, float]] = {}
    for row, stance in enumerate(STANCES):
        true = torch.tensor([float(stance in gold[i].labels) for i in news])
        score = torch.tensor([tagged[i].scores[stance] for i in news], dtype=torch.float64)
        enough = _FEW <= int(true.sum()) <= len(news) - _FEW
        fitted[stance] = _platt(torch.logit(score, eps=1e-7), true.double()) if enough else (1, 0)
        scale, shift = fitted[stance]
        with torch.no_grad():
            network.stance[row] *= scale
            network.stance_bias[row] = network.stance_bias[row] * scale + shift
    return fitted


def recalibrated(
    tagged: Sequence[TaggedSentence], moved: Mapping[str, tuple[float, float]]
) -> list[TaggedSentence]:
    """What sentences are whose network `calibrate` has moved, without tagging them again.

    `tagged` holds them at thresholds of 0, and so does the result; labels stay as they were,
    for `judge.at_thresholds` to set.
    """
    after = []
    for sentence in tagged:
        logits = torch.logit(torch.tensor([sentence.scores[s] for s in STANCES]).double(), eps=1e-7)
        by = torch.tensor([moved[s] for s in STANCES]).double()
        scores = decode.scores(torch.sigmoid(logits * by[:, 0] + by[:, 1]).float().numpy())
        stances = (replace(stance, score=scores[stance.stance]) for stance in sentence.stances)
        strongest_first = tuple(sorted(stances, key=lambda stance: -stance.score))
        after.append(replace(sentence, scores=scores, stances=strongest_first))
    return after


def _platt(logit: torch.Tensor, true: torch.Tensor) -> tuple[float, float]:
    # A pinch less than certain, as Platt has it: the true rate is never quite 0 or 1.
    wanted = torch.where(true > 0, 1 - 1 / (true.sum() + 2), 1 / ((1 - true).sum() + 2))
    scale_and_shift = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([scale_and_shift], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        scale, shift = scale_and_shift
        value = functional.binary_cross_entropy_with_logits(logit * scale + shift, wanted)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    scale, shift = scale_and_shift.tolist()
    return (scale, shift) if scale > 0 else (1.0, 0.0)


@dataclass(frozen=True)
class Bin:
    """Stances with scores of like size: how many, their mean score, how many are right."""

    count: int
    score: float
    right: float


def reliability(
    gold: Sequence[LabelledSentence],
    tagged: Sequence[TaggedSentence],
    least: float = 0.0,
    stances: Sequence[str] = STANCES,
) -> list[Bin]:
    """Ten bins of equal width over all (sentence, stance) pairs scored at least `least`."""
    pairs = np.array(
        [
            (guess.scores[stance], stance in right.labels)
            for right, guess in zip(gold, tagged, strict=True)
            for stance in stances
            if guess.scores[stance] >= least
        ]
    ).reshape(-1, 2)
    place: NDArray[np.int64] = np.minimum((pairs[:, 0] * 10).astype(np.int64), 9)
    groups = [pairs[place == i] for i in range(10)]
    return [Bin(len(g), float(g[:, 0].mean()), float(g[:, 1].mean())) for g in groups if len(g)]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: how far scores and rates lie apart in the mean.

    Naeini, Cooper and Hauskrecht 2015, "Obtaining well calibrated probabilities".
    """
    total = sum(b.count for b in bins)
    return sum(b.count * abs(b.score - b.right) for b in bins) / max(1, total)
