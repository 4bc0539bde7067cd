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

# Parties may be several, but a person marks one claim and one allegation that is denied.
_SINGLE = {("accuses", "claim"), ("denies", "target"), ("warns", "claim")}

# Who denies denies something: that there is no span must be so much likelier (log odds, one
# in twenty) to be believed. Not for ever: a model may never have been shown what is denied.
_EXPECTED = {("denies", "target"): 3.0}

# The tags that a sequence goes through, and which (column) may follow which (row). Where there
# is one span at most, "out" behind it is a state of its own that nothing leaves.
_ANY = (OUT, BEGIN, INSIDE), np.array([[1, 1, 0], [1, 1, 1], [1, 1, 1]], bool)
_ONE = (
    (OUT, BEGIN, INSIDE, OUT),
    np.array([[1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1]], bool),
)


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


def best_tags(
    logits: NDArray[np.float32],
    transitions: NDArray[np.float32],
    single: bool = False,
    expected: float = 0.0,
) -> list[int]:
    """The likeliest legal BIO sequence (Viterbi) for one channel.

    `logits` has shape (words, 3) in the order out, begin, inside; `transitions` (3, 3)
    scores each tag (row) before each other (column). Legal means that "inside" never
    follows "out" and never comes first. With `single` there is one span at most, and
    `expected` is how much more (log odds) is asked of a sequence that has none.
    """
    words = len(logits)
    if words == 0:
        return []
    tags, follows = _ONE if single else _ANY
    step = np.where(follows, transitions[np.ix_(tags, tags)], -np.inf)
    here = logits[:, tags].astype(np.float64)
    score = here[0].copy()
    score[INSIDE:] = -np.inf
    back = np.zeros((words, len(tags)), dtype=np.int8)
    for i in range(1, words):
        onward = score[:, None] + step
        back[i] = onward.argmax(axis=0)
        score = onward.max(axis=0) + here[i]
    if single:
        score[OUT] -= expected
    states = [int(np.argmax(score))]
    for i in range(words - 1, 0, -1):
        states.append(int(back[i, states[-1]]))
    return [tags[state] for state in reversed(states)]


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
    single: bool = False,
    expected: float = 0.0,
) -> tuple[Span, ...]:
    """The spans of one (stance, role) channel, trimmed as the guide trims.

    `logits` has shape (words, 3), `transitions` (3, 3); `words` are character offsets
    into `text`; `single` and `expected` as in `best_tags`.
    """
    spans = []
    for first, last in tag_runs(best_tags(logits, transitions, single, expected)):
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
            channel[1]: channel_spans(
                span_logits[:, i], transitions[i], words, text,
                channel in _SINGLE, _EXPECTED.get(channel, 0.0),
            )
            for i, channel in enumerate(CHANNELS)
            if channel[0] == stance
        }  # fmt: skip
        tagged.append(Stance(stance, found[stance], **parts))
    return tuple(tagged)
