"""From the model's raw numbers to stances with spans.

Training measures itself with these same functions, so what is measured is what is served.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .types import CHANNELS, NEUTRAL, STANCES, Span, Stance
from .words import trim

OUT, BEGIN, INSIDE = 0, 1, 2

# A person marks one claim; parties may be several.
_SINGLE = {"claim"}


def probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Independent stance probabilities (0 to 1) from stance logits, any shape."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0))), dtype=np.float32)


def scores(stance_probabilities: NDArray[np.float32]) -> dict[str, float]:
    """The scores of the four labels from the three stance probabilities, shape (3,).

    The stances are independent of each other, so "neutral" is the probability that none
    of them holds: the product of their complements.
    """
    found = {s: float(p) for s, p in zip(STANCES, stance_probabilities, strict=True)}
    return {**found, NEUTRAL: float(np.prod(1.0 - stance_probabilities))}


def over(found: Mapping[str, float], thresholds: Mapping[str, float]) -> list[str]:
    """The stances that reach their thresholds, strongest first."""
    reached = [stance for stance in STANCES if found[stance] >= thresholds[stance]]
    return sorted(reached, key=lambda stance: -found[stance])


def label(found: Mapping[str, float], thresholds: Mapping[str, float]) -> str:
    """The strongest stance that reaches its threshold, else "neutral"."""
    return next(iter(over(found, thresholds)), NEUTRAL)


def best_tags(logits: NDArray[np.float32], transitions: NDArray[np.float32]) -> list[int]:
    """The likeliest legal BIO sequence (Viterbi) for one channel.

    `logits` has shape (words, 3) in the order out, begin, inside; `transitions` (3, 3)
    scores each tag (row) before each other (column). Legal means that "inside" never
    follows "out" and never comes first.
    """
    words = len(logits)
    if words == 0:
        return []
    step = transitions.copy()
    step[OUT, INSIDE] = -np.inf
    score = logits[0].astype(np.float64)
    score[INSIDE] = -np.inf
    back = np.zeros((words, 3), dtype=np.int8)
    for i in range(1, words):
        onward = score[:, None] + step
        back[i] = onward.argmax(axis=0)
        score = onward.max(axis=0) + logits[i]
    tags = [int(np.argmax(score))]
    for i in range(words - 1, 0, -1):
        tags.append(int(back[i, tags[-1]]))
    return tags[::-1]


def tag_runs(tags: Sequence[int]) -> list[tuple[int, int]]:
    """(first word, last word + 1) of every span in a legal BIO sequence."""
    runs: list[tuple[int, int]] = []
    for i, tag in enumerate(tags):
        if tag == BEGIN:
            runs.append((i, i + 1))
        elif tag == INSIDE:
            runs[-1] = (runs[-1][0], i + 1)
    return runs


def channel_spans(
    logits: NDArray[np.float32],
    transitions: NDArray[np.float32],
    words: Sequence[tuple[int, int]],
    text: str,
    single: bool,
) -> tuple[Span, ...]:
    """The spans of one (stance, role) channel, trimmed as the guide trims.

    `logits` has shape (words, 3), `transitions` (3, 3); `words` are character offsets
    into `text`. With `single`, only the span with the greatest margin over "out" is kept.
    """
    runs = tag_runs(best_tags(logits, transitions))
    if single and len(runs) > 1:
        margin = logits[:, BEGIN:].max(axis=1) - logits[:, OUT]
        runs = [max(runs, key=lambda run: float(margin[run[0] : run[1]].sum()))]
    spans = []
    for first, last in runs:
        start, end = trim(text, words[first][0], words[last - 1][1])
        if any(map(str.isalnum, text[start:end])):
            spans.append(Span(text[start:end], start, end))
    return tuple(spans)


def stances(
    text: str,
    words: Sequence[tuple[int, int]],
    found: Mapping[str, float],
    span_logits: NDArray[np.float32],
    transitions: NDArray[np.float32],
    thresholds: Mapping[str, float],
) -> tuple[Stance, ...]:
    """Every stance over its threshold with its parts, strongest first.

    `span_logits` has shape (words, channels, 3) and `transitions` (channels, 3, 3),
    channels in the order of `CHANNELS`.
    """
    tagged = []
    for stance in over(found, thresholds):
        parts = {
            role: channel_spans(span_logits[:, i], transitions[i], words, text, role in _SINGLE)
            for i, (name, role) in enumerate(CHANNELS)
            if name == stance
        }
        tagged.append(Stance(stance, found[stance], **parts))
    return tuple(tagged)
