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
    labels = {label: Counter[str]() for label in LABELS}
    exact = {role: [0.0, 0, 0.0, 0] for role in ROLES}  # hits, predicted, hits, gold
    overlap = {role: [0.0, 0, 0.0, 0] for role in ROLES}
    for right, guess in zip(gold, tagged, strict=True):
        have = {stance.stance for stance in guess.stances} or {NEUTRAL}
        want = set(right.labels) or {NEUTRAL}
        for name in LABELS:
            labels[name][f"{name in have}/{name in want}"] += 1
        for role in ROLES:
            wanted, had = _pairs(right, guess, role)
            for counts, likeness in ((exact, _same), (overlap, _word_f1)):
                tally = counts[role]
                tally[0] += sum(_best(pair, wanted, likeness) for pair in had)
                tally[1] += len(had)
                tally[2] += sum(_best(pair, had, likeness) for pair in wanted)
                tally[3] += len(wanted)
    by_label = {
        name: _measure(c["True/True"], c["True/True"] + c["True/False"],
                       c["True/True"], c["True/True"] + c["False/True"])
        for name, c in labels.items()
    }  # fmt: skip
    occurring = [name for name, c in labels.items() if c.total() > c["False/False"]]
    return Evaluation(
        sentences=len(gold),
        labels=by_label,
        macro_f1=sum(by_label[name].f1 for name in occurring) / max(1, len(occurring)),
        exact={role: _measure(*tally) for role, tally in exact.items()},
        overlap={role: _measure(*tally) for role, tally in overlap.items()},
    )


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
