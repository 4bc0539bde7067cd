"""How good a tagger is: stance F1 a label, and span F1 for source, target and claim.

Spans are compared by their words: case, leading articles, outer punctuation and
possessive endings do not count. Over all (stance, span) pairs of a role,

- exact F1 asks for the same words,
- overlap F1 gives a span the word F1 (as in SQuAD, Rajpurkar et al. 2016) of its best
  match among the other side's spans of that stance, and takes the mean over the
  predicted spans as precision and over the marked spans as recall.

A role that a person did not annotate is left out for that sentence and stance.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .labels import LabelledSentence
from .types import LABELS, NEUTRAL, ROLES, TaggedSentence
from .words import trim

Pair = tuple[str, tuple[str, ...]]  # a stance and the words of a span


@dataclass(frozen=True)
class Measure:
    """Precision, recall and F1 (0 to 1) and the number of gold items behind them."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Evaluation:
    """All figures of one evaluation.

    `macro_f1` is the mean F1 of the four labels, those aside that neither side holds.
    """

    sentences: int
    labels: dict[str, Measure]
    macro_f1: float
    exact: dict[str, Measure]
    overlap: dict[str, Measure]

    def to_dict(self) -> dict[str, float]:
        """The figures by flat names, such as "target_exact_f1"."""
        flat: dict[str, float] = {"sentences": self.sentences, "macro_f1": self.macro_f1}
        groups = {"": self.labels, "_exact": self.exact, "_overlap": self.overlap}
        for suffix, group in groups.items():
            for name, measure in group.items():
                flat[f"{name}{suffix}_precision"] = measure.precision
                flat[f"{name}{suffix}_recall"] = measure.recall
                flat[f"{name}{suffix}_f1"] = measure.f1
        return flat


def evaluate(gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]) -> Evaluation:
    """Compares labelled sentences with their tagging, in the same order.

    Raises ValueError where the two are not of one length.
    """
    if len(gold) != len(tagged):
        raise ValueError(f"{len(gold)} labelled sentences but {len(tagged)} tagged ones")
    return _evaluation(tallies(gold, tagged).sum(axis=0), len(gold))


def tallies(
    gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]
) -> NDArray[np.float64]:
    """What each sentence adds to the figures, shape (sentences, 36); figures follow from sums.

    For each label: hits, predicted, gold. For each role, exact and by overlap: hits among
    the predicted, predicted, hits among the gold, gold.
    """
    rows = np.zeros((len(gold), 3 * len(LABELS) + 8 * len(ROLES)))
    for row, right, guess in zip(rows, gold, tagged, strict=True):
        have = {stance.stance for stance in guess.stances} or {NEUTRAL}
        want = set(right.labels) or {NEUTRAL}
        each: list[list[float]] = [
            [name in have & want, name in have, name in want] for name in LABELS
        ]
        for role in ROLES:
            wanted, had = _pairs(right, guess, role)
            for likeness in (_same, _word_f1):
                each.append(
                    [
                        sum(_best(pair, wanted, likeness) for pair in had), len(had),
                        sum(_best(pair, had, likeness) for pair in wanted), len(wanted),
                    ]
                )  # fmt: skip
        row[:] = [number for part in each for number in part]
    return rows


def intervals(
    gold: Sequence[LabelledSentence],
    tagged: Sequence[TaggedSentence],
    draws: int = 1000,
    part: float = 0.95,
) -> dict[str, tuple[float, float]]:
    """Bootstrap intervals of the figures, by the names of `Evaluation.to_dict`.

    Sentences are drawn anew with replacement, `draws` times from a fixed seed; an interval
    holds the middle `part` of what comes out. Efron 1979, "Bootstrap methods".
    """
    rows, rng = tallies(gold, tagged), np.random.default_rng(0)
    drawn = []
    for _ in range(draws):
        often = np.bincount(rng.integers(0, len(rows), len(rows)), minlength=len(rows))
        drawn.append(_evaluation(often @ rows, len(rows)).to_dict())
    ends = [50 * (1 - part), 50 * (1 + part)]
    return {
        name: tuple(np.percentile([one[name] for one in drawn], ends).tolist()) for name in drawn[0]
    }


def paired_differences(
    gold: Sequence[LabelledSentence],
    one: Sequence[TaggedSentence],
    two: Sequence[TaggedSentence],
    draws: int = 1000,
) -> tuple[dict[str, float], dict[str, NDArray[np.float64]]]:
    """Two's figures minus one's, and the same over draws of the sentences, shape (draws,) each.

    Every draw takes the same sentences for both, so what is hard for both falls out. Berg-
    Kirkpatrick, Burkett and Klein 2012, "An empirical investigation of statistical
    significance in NLP".
    """
    rows = np.stack([tallies(gold, one), tallies(gold, two)])
    rng, count = np.random.default_rng(0), len(gold)
    drawn = []
    for _ in range(draws):
        often = np.bincount(rng.integers(0, count, count), minlength=count)
        drawn.append(_difference(often @ rows[0], often @ rows[1], count))
    return (
        _difference(rows[0].sum(axis=0), rows[1].sum(axis=0), count),
        {name: np.array([one[name] for one in drawn]) for name in drawn[0]},
    )


def _difference(
    one: NDArray[np.float64], two: NDArray[np.float64], sentences: int
) -> dict[str, float]:
    before, after = _evaluation(one, sentences).to_dict(), _evaluation(two, sentences).to_dict()
    return {name: after[name] - value for name, value in before.items()}


def _evaluation(total: NDArray[np.float64], sentences: int) -> Evaluation:
    rest = iter(total.tolist())
    labels, occurring = {}, 0
    for name in LABELS:
        hits, predicted, wanted = next(rest), next(rest), next(rest)
        labels[name] = _measure(hits, predicted, hits, wanted)
        occurring += bool(predicted or wanted)
    spans: dict[str, dict[str, Measure]] = {"exact": {}, "overlap": {}}
    for role in ROLES:
        for kind in spans.values():
            kind[role] = _measure(next(rest), next(rest), next(rest), next(rest))
    macro = sum(measure.f1 for measure in labels.values()) / max(1, occurring)
    return Evaluation(sentences, labels, macro, **spans)


def span_words(text: str) -> tuple[str, ...]:
    """The words by which a span is compared."""
    start, end = trim(text, 0, len(text))
    words = re.findall(r"\w+|[^\w\s]", text[start:end].casefold())
    while words and not words[-1].isalnum():
        words.pop()
    while words and not words[0].isalnum():
        del words[0]
    return tuple(words)


def _pairs(
    right: LabelledSentence, guess: TaggedSentence, role: str
) -> tuple[list[Pair], list[Pair]]:
    """The gold and the predicted (stance, span) pairs of one role in one sentence."""
    skipped = {s.stance for s in right.stances if role not in s.spans}
    want = {
        (stance.stance, span_words(span.text))
        for stance in right.stances
        for span in stance.spans.get(role, ())
        if stance.stance not in skipped
    }
    have = {
        (stance.stance, span_words(span.text))
        for stance in guess.stances
        for span in getattr(stance, role)
        if stance.stance not in skipped
    }
    return sorted(want), sorted(have)


def _best(pair: Pair, others: Sequence[Pair], likeness) -> float:  # type: ignore[no-untyped-def]
    return max((likeness(pair[1], o[1]) for o in others if o[0] == pair[0]), default=0.0)


def _same(one: Sequence[str], two: Sequence[str]) -> float:
    return float(one == two)


def _word_f1(one: Sequence[str], two: Sequence[str]) -> float:
    common = sum((Counter(one) & Counter(two)).values())
    return 2.0 * common / (len(one) + len(two)) if common else 0.0


def _measure(hits: float, predicted: float, found: float, gold: float) -> Measure:
    precision = hits / predicted if predicted else 0.0
    recall = found / gold if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return Measure(precision, recall, f1, int(gold))
