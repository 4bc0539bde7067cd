"""From the text of a page to the sentences of its article.

Text comes as saved: one paragraph a line, or wrapped at some width, often with the page
around it: menus, teasers for other stories, captions, share buttons. Three steps:

1. lines become blocks (a wrapped paragraph is one block);
2. where a text looks like a saved page, blocks outside the article are left out;
3. each block is split into sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import sentencex

Bounds = tuple[int, int]

# A quotation of several sentences stays with its speaker, but not beyond this length.
_LONGEST_QUOTATION = 1_200
# So many lines without an end mark make a text a saved page rather than an article.
_PAGE_LINES = 5
# What a line of furniture costs the article that would include it, in words of body text
# (see `_article`).
_FURNITURE_COST = 15
# Shorter lines than this are no paragraph of an article, end mark or not.
_BODY_WORDS = 6
# A headline shares at least this part of its words with the article below it.
_HEADLINE_OVERLAP = 0.5

_ENDED = re.compile(r"[.!?…。！？؟।][\"“”'‘’»)\]]*$")
_TRUNCATED = re.compile(r"\w(?:\.\.\.|…)$")
_CRUMBS = re.compile(r"\S\s*[>|»›]\s*\S|https?://|^\s*(?:[-•*·]|\d+[.)])\s")
_UNREADABLE = re.compile("[\ud800-\udfff]")  # half of a character, as broken JSON holds
_INITIAL = re.compile(r"\b[A-Z]\W*\.$")
_WRAPPED_WIDTH = range(40, 101)
_BLANK_QUOTES = str.maketrans(dict.fromkeys('"“”«»„', " "))


def split_sentences(text: str) -> list[Bounds]:
    """(start, end) of every sentence of the article in `text`, in order.

    Menus, teasers and other lines that are not part of the article are left out where
    the text looks like a saved page; a line without an end mark is a headline, never
    the beginning of the next sentence.
    """
    return [
        bounds
        for start, end in _article(text, _blocks(text))
        for bounds in _sentences(text, start, end)
    ]


def _blocks(text: str) -> list[Bounds]:
    """The lines of `text`, stripped, with wrapped paragraphs joined."""
    blocks: list[Bounds] = []
    paragraph: list[Bounds] = []
    start = 0
    for line in text.splitlines(keepends=True):
        stripped = _strip(text, start, start + len(line))
        start += len(line)
        if stripped[0] < stripped[1]:
            paragraph.append(stripped)
        else:
            blocks += _unwrap(text, paragraph)
            paragraph = []
    return blocks + _unwrap(text, paragraph)


def _unwrap(text: str, lines: Sequence[Bounds]) -> list[Bounds]:
    """One block where neighbouring lines are one paragraph wrapped at a width, else all."""
    if len(lines) < 2:
        return list(lines)
    widths = [end - start for start, end in lines[:-1]]
    if min(widths) not in _WRAPPED_WIDTH or max(widths) not in _WRAPPED_WIDTH:
        return list(lines)
    going_on = sum(text[start].islower() for start, _ in lines[1:])
    if max(widths) - min(widths) > 25 or 2 * going_on < len(lines) - 1:
        return list(lines)
    return [(lines[0][0], lines[-1][1])]


def _article(text: str, blocks: list[Bounds]) -> list[Bounds]:
    """The blocks of the article; all of them unless the text looks like a saved page.

    The body is the run of blocks with the greatest sum of words, where a line of
    furniture counts against it: maximum subsequence segmentation (Pasternack and Roth
    2009, "Extracting article text from the web"). Other lines, above or inside it, stay
    where they say what the body says, as headlines and standfirsts do.
    """
    body = [_is_body(text[start:end]) for start, end in blocks]
    if len(blocks) - sum(body) < _PAGE_LINES or not any(body):
        return blocks
    worth = [
        len(text[start:end].split()) if inside else -_FURNITURE_COST
        for (start, end), inside in zip(blocks, body, strict=True)
    ]
    first, last = _greatest_run(worth)
    said = {
        word
        for (start, end), inside in zip(blocks[first:last], body[first:last], strict=True)
        if inside
        for word in _content_words(text[start:end])
    }
    kept = []
    for i, (start, end) in enumerate(blocks[:last]):
        if (i >= first and body[i]) or _is_headline(text[start:end], said):
            kept.append((start, end))
    return kept


def _is_body(line: str) -> bool:
    """Whether a line reads like a paragraph: some words and an end mark, not cut off."""
    return (
        len(line.split()) >= _BODY_WORDS
        and _ENDED.search(line) is not None
        and _TRUNCATED.search(line) is None
    )


def _is_headline(line: str, said: set[str]) -> bool:
    words = _content_words(line)
    if len(words) < 3 or _CRUMBS.search(line) or _TRUNCATED.search(line):
        return False
    return len(words & said) >= _HEADLINE_OVERLAP * len(words)


def _content_words(line: str) -> set[str]:
    """The words of a line that carry content, cut to a stem of six letters."""
    return {word[:6] for word in re.findall(r"\w+", line.lower()) if len(word) > 3}


def _greatest_run(worth: Sequence[int]) -> Bounds:
    """First and last + 1 index of the run with the greatest sum (Kadane's algorithm)."""
    best, best_run = 0, (0, 0)
    total, begin = 0, 0
    for i, value in enumerate(worth):
        if total <= 0:
            total, begin = 0, i
        total += value
        if total > best:
            best, best_run = total, (begin, i + 1)
    return best_run


def _sentences(text: str, start: int, end: int) -> list[Bounds]:
    """The sentences of one block."""
    found: list[Bounds] = []
    for first, last in _rejoin(text[start:end], _segment(text[start:end])):
        if last - first > _LONGEST_QUOTATION:
            blanked = text[start + first : start + last].translate(_BLANK_QUOTES)
            inner = [(first + a, first + b) for a, b in _segment(blanked)]
            found += _close_quotes(text[start:end], inner, first)
        else:
            found.append((first, last))
    return [(start + a, start + b) for a, b in _move_opening_quotes(text[start:end], found)]


def _segment(block: str) -> list[Bounds]:
    """Sentence bounds by the sentence splitter's rules for English, without outer space."""
    flat = _UNREADABLE.sub("\ufffd", re.sub(r"\s", " ", block))  # a line's end ends nothing
    cuts = [
        (cut["start_index"], cut["end_index"])
        for cut in sentencex.get_sentence_boundaries("en", flat)
    ]
    bounds = [_strip(block, first, last) for first, last in cuts]
    return [(first, last) for first, last in bounds if first < last]


def _rejoin(block: str, bounds: list[Bounds]) -> list[Bounds]:
    """Puts together what was cut inside a word, as in "U.S.-U.K. talks"."""
    joined: list[Bounds] = []
    for first, last in bounds:
        if joined and joined[-1][1] == first and _INITIAL.search(block[:first]):
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _close_quotes(block: str, bounds: list[Bounds], start: int) -> list[Bounds]:
    """Gives quotes that were blanked out before splitting back to their sentences.

    `start` is where the first sentence may begin at the earliest.
    """
    closed: list[Bounds] = []
    for i, (first, last) in enumerate(bounds):
        limit = bounds[i + 1][0] if i + 1 < len(bounds) else len(block)
        while last < limit and block[last] in '"”’»':
            last += 1
        while first > start and block[first - 1] in '"“‘«':
            first -= 1
        closed.append((first, last))
        start = last
    return closed


def _move_opening_quotes(block: str, bounds: list[Bounds]) -> list[Bounds]:
    """Moves a quote that opens the next sentence out of the one before it.

    The splitter leaves it there where the quotation is closed by a mark of another kind.
    """
    moved = list(bounds)
    for i in range(len(moved) - 1):
        first, last = moved[i]
        tail = re.search(r"\s+([\"“‘«])$", block[first:last])
        if tail:
            moved[i] = (first, first + tail.start())
            moved[i + 1] = (first + tail.start(1), moved[i + 1][1])
    return [(first, last) for first, last in moved if first < last]


def _strip(text: str, start: int, end: int) -> Bounds:
    piece = text[start:end]
    lead = len(piece) - len(piece.lstrip())
    return (start + lead, max(start + lead, end - (len(piece) - len(piece.rstrip()))))
