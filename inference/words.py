"""Where words begin and end, and which outer parts of a span do not count.

The model reads word pieces, but a span that starts in the middle of a word is never
right: labels are put on words and spans are decoded over words.
"""

from __future__ import annotations

import re

# An accent that is a character of its own, a soft hyphen or a joiner stays in its word.
_LETTER = r"\w[\u0300-\u036f\u00ad\u200b-\u200d]*"

# "U.S." is one word; a possessive ending is a word of its own, so that "Iran's strikes"
# can give the party "Iran"; apostrophes inside names stay ("O'Brien", "Sana'a").
_WORD = re.compile(
    r"(?:[^\W\d_]\.){2,}"  # U.S.  a.m.
    r"|\d+(?:[.,:]\d+)*"  # 1,200  3.5  10:30
    r"|['’](?:s|ll|re|ve|d|m)\b"  # the possessive ending, "they’ll"
    rf"|(?:{_LETTER})+(?:['’](?!(?:s|ll|re|ve|d|m)\b)(?:{_LETTER})+)*"  # plain words
    r"|[^\w\s]"  # each other mark by itself
)
_LEADING = re.compile(r"(?:(?:the|an?)\s+|[\s\"“”'‘’«»,.;:!?()\[\]—–-]+)", re.IGNORECASE)
_TRAILING = re.compile(r"(?:['’]s?|[\s\"“”'‘’«»,;:!?…()\[\]—–-]+)$")
_ABBREVIATED = re.compile(r"\b(?:\w|Inc|Co|Corp|Ltd|Bros|Jr|Sr|St|Mt|No|Dept|Gov|Gen|Sen|Rep)\.$")
_PAIRS = {")": "(", "]": "[", "”": "“", "’": "‘", "»": "«"}
_CLOSING = {opening: close for close, opening in _PAIRS.items()}


def word_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of every word of `text`; marks such as commas are words too."""
    return [match.span() for match in _WORD.finditer(text)]


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Cuts off what the guide leaves outside a span and returns the new (start, end).

    Leading articles, marks and quotes, trailing marks, quotes and possessive endings go;
    a bracket or quote that opens and closes inside the span stays. The result is empty
    (start == end) where nothing else is left.
    """
    while start < end:
        piece = text[start:end]
        lead = _LEADING.match(piece)
        if lead and not _closes_inside(piece):
            start += lead.end()
            continue
        tail = _TRAILING.search(piece)
        if tail and not _opens_inside(piece):
            end -= len(tail.group())
            continue
        if piece.endswith(".") and not _ABBREVIATED.search(piece):
            end -= 1  # an end mark, not that of "U.S." or "Inc."
            continue
        break
    return (start, end) if start < end else (end, end)


def _closes_inside(piece: str) -> bool:
    """Whether `piece` begins with a quote or bracket that is closed within it."""
    first = piece[0]
    return first in "\"'“‘«([" and _CLOSING.get(first, first) in piece[1:] and not _wraps(piece)


def _opens_inside(piece: str) -> bool:
    """Whether `piece` ends with a quote or bracket that was opened within it."""
    last = piece[-1]
    return last in "\"'”’»)]" and _PAIRS.get(last, last) in piece[:-1] and not _wraps(piece)


def _wraps(piece: str) -> bool:
    """Whether one pair of quotes or brackets encloses the whole of `piece`."""
    first, last = piece[0], piece[-1]
    if _PAIRS.get(last, last) != first or len(piece) < 2 or first.isalnum():
        return False
    return last not in piece[1:-1] and first not in piece[1:-1]
