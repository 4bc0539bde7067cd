"""Labelled sentences seen once more in another dress: other parties, lost punctuation."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from stancewire.labels import LabelledSentence, LabelledStance
from stancewire.types import Span

# (start, end, words that come in its place)
Change = tuple[int, int, str]

_NAME = re.compile(r"(?:[A-Z][\w.'’-]*)(?: [A-Z][\w.'’-]*){0,2}")
_MARKS = re.compile(r"[^\w\s%$£€.-]+|\.(?=\s|$)")


def names(sentences: Sequence[LabelledSentence]) -> dict[int, list[str]]:
    """The short proper names that stand as source or target, by their number of words."""
    found: dict[str, None] = {}
    for sentence in sentences:
        found.update(dict.fromkeys(_parties(sentence)))
    by_length: dict[int, list[str]] = {}
    for name in found:
        by_length.setdefault(name.count(" "), []).append(name)
    return by_length


def swap_parties(
    sentence: LabelledSentence, pool: dict[int, list[str]], chance: random.Random
) -> LabelledSentence:
    """The sentence with each named party, wherever it stands, under a name out of `pool`."""
    changes: list[Change] = []
    for name in _parties(sentence):
        other = chance.choice(pool[name.count(" ")])
        places = re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", sentence.text)
        changes += [(*place.span(), other) for place in places]
    return edited(sentence, _apart(changes))


def drop_punctuation(sentence: LabelledSentence) -> LabelledSentence:
    """The sentence in lower case with its marks lost, as in much archived news copy."""
    text = sentence.text
    changes = []
    for mark in _MARKS.finditer(text):
        start, end = mark.span()
        inside = text[start - 1 : start].isalnum() and text[end : end + 1].isalnum()
        changes.append((start, end, " " if inside else ""))
    lost = edited(sentence, changes)
    lower = lost.text.lower()
    return edited(lost, [(0, len(lower), lower)]) if len(lower) == len(lost.text) else lost


def edited(sentence: LabelledSentence, changes: Sequence[Change]) -> LabelledSentence:
    """The sentence with stretches of it replaced; its spans keep hold of their words.

    `changes` are in order and do not overlap. A span whose words all went is left out.
    """
    pieces, end_of_last = [], 0
    for start, end, words in changes:
        pieces += [sentence.text[end_of_last:start], words]
        end_of_last = end
    text = "".join([*pieces, sentence.text[end_of_last:]])

    def moved(span: Span) -> Span:
        start, end = _moved(span.start, changes, at_end=False), _moved(span.end, changes, True)
        return Span(text[start:end], start, end)

    stances = tuple(
        LabelledStance(
            item.stance,
            {
                role: tuple(new for span in spans if (new := moved(span)).text.strip())
                for role, spans in item.spans.items()
            },
        )
        for item in sentence.stances
    )
    return replace(sentence, text=text, stances=stances)


def _moved(place: int, changes: Sequence[Change], at_end: bool) -> int:
    """Where a span's border is after the changes; one amid a change goes to its outer side."""
    by = 0
    for start, end, words in changes:
        longer = len(words) - (end - start)
        if end <= place:
            by += longer
        elif start < place:
            if end - start == len(words):
                return place + by
            return (end + longer if at_end else start) + by
    return place + by


def _parties(sentence: LabelledSentence) -> list[str]:
    return list(
        dict.fromkeys(
            span.text
            for item in sentence.stances
            for role in ("source", "target")
            # what is denied is a deed, not a party
            if (item.stance, role) != ("denies", "target")
            for span in item.spans.get(role, ())
            if _NAME.fullmatch(span.text)
        )
    )


def _apart(changes: Sequence[Change]) -> list[Change]:
    """The changes in order, without those that overlap an earlier or longer one."""
    kept: list[Change] = []
    for change in sorted(changes, key=lambda c: (c[0], -c[1])):
        if not kept or kept[-1][1] <= change[0]:
            kept.append(change)
    return kept
