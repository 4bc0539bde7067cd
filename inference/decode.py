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
_SINGLE = np.array([c in (("accuses", "claim"), ("denies", "target"), ("warns", "claim"))
                    for c in CHANNELS])  # fmt: skip

# Who denies denies something: that there is no span must be so much likelier (log odds, one
# in twenty) to be believed. Not for ever: a model may never have been shown what is denied.
_EXPECTED = np.array([3.0 * (c == ("denies", "target")) for c in CHANNELS])

# The states that a sequence goes through, by their tags: where there is one span at most,
# "out" behind it is a state of its own that nothing leaves. Which (column) may follow which
# (row), for any number of spans and for one.
_TAGS = np.array([OUT, BEGIN, INSIDE, OUT])
_ANY = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]], bool)
_ONE = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1]], bool)


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
    single: NDArray[np.bool_],
    expected: NDArray[np.float64],
) -> NDArray[np.int64]:
    """The likeliest legal BIO sequence (Viterbi) for each channel, shape (words, channels).

    `logits` has shape (words, channels, 3) in the order out, begin, inside; `transitions`
    (channels, 3, 3) scores each tag (row) before each other (column). Legal means that
    "inside" never follows "out" and never comes first. Where `single`, shape (channels,), is
    true, there is one span at most, and `expected` is how much more (log odds) is asked there
    of a sequence that has none.
    """
    words, channels = logits.shape[:2]
    follows = np.where(single[:, None, None], _ONE, _ANY)
    step = np.where(follows, transitions[:, _TAGS[:, None], _TAGS], -np.inf)
    here = logits[:, :, _TAGS].astype(np.float64)
    score = here[:1].sum(axis=0)  # of the first word; there may be none
    score[:, INSIDE:] = -np.inf
    back = np.zeros((words, channels, len(_TAGS)), dtype=np.int64)
    for i in range(1, words):
        onward = score[:, :, None] + step
        back[i] = onward.argmax(axis=1)
        score = onward.max(axis=1) + here[i]
    score[:, OUT] -= np.where(single, expected, 0.0)
    states = np.zeros((words, channels), dtype=np.int64)
    states[-1:] = score.argmax(axis=1)
    every = np.arange(channels)
    for i in range(words - 1, 0, -1):
        states[i - 1] = back[i, every, states[i]]
    return _TAGS[states]


def tag_runs(tags: Sequence[int]) -> list[tuple[int, int]]:
    """(first word, last word + 1) of every span in a legal BIO sequence."""
    runs: list[tuple[int, int]] = []
    for i, tag in enumerate(tags):
        if tag == BEGIN:
            runs.append((i, i + 1))
        elif tag == INSIDE:
            runs[-1] = (runs[-1][0], i + 1)
    return runs


def spans_of(tags: Sequence[int], words: Sequence[tuple[int, int]], text: str) -> tuple[Span, ...]:
    """The spans of a BIO sequence, trimmed as the guide trims.

    `words` are character offsets into `text`.
    """
    spans = []
    for first, last in tag_runs(tags):
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
    reached = over(found, thresholds)
    if not reached:
        return ()
    asked = [i for i, (stance, _) in enumerate(CHANNELS) if stance in reached]
    tags = best_tags(span_logits[:, asked], transitions[asked], _SINGLE[asked], _EXPECTED[asked])
    parts: dict[str, dict[str, tuple[Span, ...]]] = {stance: {} for stance in reached}
    for i, of_channel in zip(asked, tags.T.tolist(), strict=True):
        stance, role = CHANNELS[i]
        parts[stance][role] = spans_of(of_channel, words, text)
    return tuple(Stance(stance, found[stance], **parts[stance]) for stance in reached)
