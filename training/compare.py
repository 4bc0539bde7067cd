"""Whether a new model is better than an old one, and how sure one can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from stancewire.labels import LabelledSentence
from stancewire.scoring import paired_differences
from stancewire.tagger import Tagger
from stancewire.types import ROLES, TaggedSentence

from .judge import measure, tag_whole

BETTER, WORSE, UNSURE = "better", "worse", "cannot tell"
# Fewer sentences tell nothing: a bootstrap of three draws much the same three again.
FEWEST = 30
# What a verdict rests on: the labels, and the spans (the mean of the three roles' exact F1).
MEASURES = ("macro_f1", "spans_f1")
# A verdict looks at two measures on up to two sets: each has to be that much surer, so that
# not more than one verdict in twenty is chance (Bonferroni). Small sets err more often still.
_VERDICT = (100 * 0.05 / 8, 100 - 100 * 0.05 / 8)


@dataclass(frozen=True)
class Comparison:
    """Old and new model on the same sentences.

    `old` and `new` hold all figures; `change` for each of `MEASURES` new minus old and the
    ends of its 95 per cent interval; `verdict` is "better", "worse" or "cannot tell".
    `gold`, `before` and `after` are the sentences as labelled and as the two tag them.
    """

    sentences: int
    old: dict[str, float]
    new: dict[str, float]
    change: dict[str, tuple[float, float, float]]
    verdict: str
    gold: Sequence[LabelledSentence] = field(default=(), repr=False)
    before: Sequence[TaggedSentence] = field(default=(), repr=False)
    after: Sequence[TaggedSentence] = field(default=(), repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The figures, without the sentences."""
        names = ("sentences", "old", "new", "change", "verdict")
        return {name: getattr(self, name) for name in names}

    def tell(self) -> str:
        """The comparison in one line."""
        gain, low, high = self.change["macro_f1"]
        spans = self.change["spans_f1"]
        return (
            f"{self.verdict}: {self.sentences} sentences, macro-F1 {self.old['macro_f1']:.3f} to "
            f"{self.new['macro_f1']:.3f} ({gain:+.3f}; {low:+.3f} to {high:+.3f}), spans "
            f"{spans[0]:+.3f} ({spans[1]:+.3f} to {spans[2]:+.3f})"
        )


def compare(
    gold: Sequence[LabelledSentence],
    old: Tagger,
    new: Tagger,
    after: Sequence[TaggedSentence] = (),
) -> Comparison:
    """Tags the sentences with both and compares, by a paired bootstrap.

    `after` is what the new one makes of them, where that is known already.
    Worse where the interval of the change in labels or in spans lies below nothing; better
    where one lies above it and neither is worse; under `FEWEST` sentences that cannot be told.
    These intervals hold 98.75 per cent, those in `change` 95: there are several to look at.
    Raises ValueError without sentences.
    """
    if not gold:
        raise ValueError("no sentences to compare on")
    before, after = tag_whole(old, gold), after or tag_whole(new, gold)
    plain, drawn = paired_differences(gold, before, after)
    change, ends = {}, []
    for name in MEASURES:
        ends.append(np.percentile(_of(drawn, name), _VERDICT).tolist())
        low, high = np.percentile(_of(drawn, name), [2.5, 97.5]).tolist()
        change[name] = (float(_of(plain, name)), low, high)
    enough = len(gold) >= FEWEST
    worse = enough and any(high < 0 for _, high in ends)
    better = enough and any(low > 0 for low, _ in ends)
    return Comparison(
        len(gold),
        measure(gold, before),
        measure(gold, after),
        change,
        WORSE if worse else BETTER if better else UNSURE,
        gold,
        before,
        after,
    )


def overall(parts: Mapping[str, Comparison]) -> str:
    """One verdict over several sets: worse on one is worse, better on one is better."""
    verdicts = {part.verdict for part in parts.values()}
    return next((v for v in (WORSE, BETTER) if v in verdicts), UNSURE)


def _of(figures: Mapping[str, Any], name: str) -> Any:
    if name == "spans_f1":
        return sum(figures[f"{role}_exact_f1"] for role in ROLES) / len(ROLES)
    return figures[name]
