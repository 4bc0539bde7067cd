"""Spans that a tool has moved: finding the place that was meant.

Annotation tools and spreadsheets turn curly quotes into plain ones, dots into an
ellipsis, runs of space into one, and count characters in ways of their own. A span is
put right only where one place alone fits; otherwise nobody but a person can tell.
"""

from __future__ import annotations

import re
import unicodedata

from .types import Span
from .words import trim, word_spans

# How far offsets go astray where a tool changes a mark or two before a span.
_FARTHEST = 3

_SAME = str.maketrans(dict.fromkeys('“”„‟«»‘’‚‛`´′″"', "'") | dict.fromkeys("‐‑‒–—―−", "-"))
_RUN = re.compile(r"\s+|'+|-+|.", re.DOTALL)
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")


def find_moved(
    words: str, text: str, start: int | None = None, end: int | None = None
) -> Span | None:
    """Where `words`, said to be at `start` to `end`, stand in `text`, or None.

    Quotes, dashes, spaces and composed characters count as alike in their variants. The
    one place where the words stand whole is taken; of several, the one that overlaps the
    place given; where that leaves several or none, None.
    """
    folded, places = _fold(text)
    wanted = _fold(words)[0].strip()
    if not wanted:
        return None
    pattern = re.escape(wanted)
    whole = list(re.finditer(rf"(?<!\w){pattern}(?!\w)", folded))
    found = [
        (places[match.start()][0], places[match.end() - 1][1])
        for match in whole or re.finditer(pattern, folded)
    ]
    if len(found) > 1 and start is not None and end is not None:
        found = [(first, last) for first, last in found if first < end and start < last]
    if len(found) != 1:
        return None
    ((first, last),) = found
    return Span(text[first:last], first, last)


def cuts_words(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` begins or ends inside a word."""
    return any(first < edge < last for first, last in word_spans(text) for edge in (start, end))


def whole_words(text: str, start: int, end: int) -> Span | None:
    """The whole words that were meant by a span that cuts into some, or None.

    Either the span went astray by a few characters, or a letter was missed in marking it.
    What both readings have in common has to be one and the same span, leading articles
    and outer marks aside.
    """
    words = word_spans(text)
    firsts, lasts = {first for first, _ in words}, {last for _, last in words}
    touched = [(first, last) for first, last in words if first < end and start < last]
    ways = {(touched[0][0], touched[-1][1])} if touched else set()
    for by in range(-_FARTHEST, _FARTHEST + 1):
        if start + by in firsts and end + by in lasts:
            ways.add((start + by, end + by))
    trimmed = {trim(text, first, last) for first, last in ways}
    if len(trimmed) != 1:
        return None
    ((first, last),) = trimmed
    return Span(text[first:last], first, last) if first < last else None


def _fold(text: str) -> tuple[str, list[tuple[int, int]]]:
    """`text` without its typography, and the (start, end) in it of each character left."""
    marks: list[str] = []
    places: list[tuple[int, int]] = []
    for i, mark in enumerate(text):
        for plain in _plain(mark):
            marks.append(plain)
            places.append((i, i + 1))
    folded: list[str] = []
    kept: list[tuple[int, int]] = []
    for run in _RUN.finditer("".join(marks)):
        folded.append(" " if run.group()[0].isspace() else run.group()[0])
        kept.append((places[run.start()][0], places[run.end() - 1][1]))
    return "".join(folded), kept


def _plain(mark: str) -> str:
    return unicodedata.normalize("NFKD", _UNSEEN.sub("", mark.translate(_SAME))).translate(_SAME)
