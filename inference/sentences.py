"""From the text of a page to the sentences of its article.

Text comes as saved: one paragraph a line, or wrapped at some width, often with the page
around it: menus, teasers for other stories, captions, share buttons. Three steps:

1. lines become blocks (a wrapped paragraph is one block);
2. where a text looks like a saved page, blocks outside the article are left out;
3. each block is split into sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import sentencex

Bounds = tuple[int, int]

# A quotation of several sentences stays with its speaker, but not beyond this length.
_LONGEST_QUOTATION = 1_200
# A longer line is split stretch by stretch: the splitter's time grows with the square of the
# quotes in it that nothing closes, and no other thread runs meanwhile.
_STRETCH = 8_000
# So many lines without an end mark make a text a saved page rather than an article.
_PAGE_LINES = 5
# What a line of furniture costs the article that would include it, in words of body text
# (see `_article`).
_FURNITURE_COST = 15
# Shorter lines than this are no paragraph of an article, end mark or not.
_BODY_WORDS = 6
# A headline shares at least this part of its words with the article below it, a paragraph
# that stands apart from the article at least that part.
_HEADLINE_OVERLAP = 0.5
_BODY_OVERLAP = 0.3
# The article is at least this part of a saved page's words.
_LEAST_SHARE = 0.25

_ENDED = re.compile(r"[.!?…。！？؟।][\"“”'‘’»)\]]*(?:\[\d+\])?$")
_TRUNCATED = re.compile(r"\w(?:\.\.\.|…)$")
_CRUMBS = re.compile(r"\S\s*[>|»›]\s*\S|https?://|^\s*(?:[-•*·]|\d+[.)])\s")
_UNREADABLE = re.compile("[\ud800-\udfff]")  # half of a character, as broken JSON holds
_INITIAL = re.compile(r"\b[A-Z]\W*\.$")
_HOUR = re.compile(r"\b[ap]\.m\.\s*$", re.IGNORECASE)
_TIME_GOES_ON = re.compile(
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:Jan|Feb|Aug|Sept|Oct|Nov|Dec)[a-z]*"
    r"|March|April|May|June|July|GMT|UTC|BST|CET|[ECMP][SD]?T)\b"
)
_WRAPPED_WIDTH = range(40, 201)
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
    paragraphs: list[list[Bounds]] = [[]]
    start = 0
    for line in text.splitlines(keepends=True):
        stripped = strip(text, start, start + len(line))
        start += len(line)
        if stripped[0] < stripped[1]:
            paragraphs[-1].append(stripped)
        elif paragraphs[-1]:
            paragraphs.append([])
    return _unwrap(text, paragraphs)


def _unwrap(text: str, paragraphs: Sequence[Sequence[Bounds]]) -> list[Bounds]:
    """The lines of all paragraphs, those put together that were wrapped at a width.

    Who wraps a text ends a line where the next word would not have fitted, mostly in the
    middle of a sentence: where at least half of the line ends are such and a third of
    them go on in lower case, that is taken as the rule of the whole text.
    """
    pairs = [pair for lines in paragraphs for pair in pairwise(lines)]
    width = max((end - start for pair in pairs for start, end in pair), default=0)
    full = {
        (line, following)
        for line, following in pairs
        if line[1] - line[0] + 1 + len(text[slice(*following)].split(maxsplit=1)[0]) > width
    }
    going_on = sum(text[following[0]].islower() for _, following in full)
    if width not in _WRAPPED_WIDTH or 2 * len(full) < len(pairs) or 3 * going_on < len(full):
        full = set()
    blocks: list[Bounds] = []
    for lines in paragraphs:
        for i, line in enumerate(lines):
            if i and (lines[i - 1], line) in full:
                blocks[-1] = (blocks[-1][0], line[1])
            else:
                blocks.append(line)
    return blocks


def _article(text: str, blocks: list[Bounds]) -> list[Bounds]:
    """The blocks of the article; all of them unless the text looks like a saved page.

    The body is the run of blocks with the greatest sum of words, where a line of
    furniture counts against it: maximum subsequence segmentation (Pasternack and Roth
    2009, "Extracting article text from the web"). Of the other lines, paragraphs stay
    where they share words with it, and lines without an end mark where most of their
    words are its words, as in headlines, and nothing but the body comes before them.
    Where no run is a good part of the text, there is no page to cut an article out of.
    """
    body = [_is_body(text[start:end]) for start, end in blocks]
    if len(blocks) - sum(body) < _PAGE_LINES or not any(body):
        return blocks
    counts = [len(text[start:end].split()) for start, end in blocks]
    worth = [
        count if inside else -_FURNITURE_COST for count, inside in zip(counts, body, strict=True)
    ]
    first, last = _greatest_run(worth)
    if sum(counts[first:last]) < _LEAST_SHARE * sum(counts):
        return blocks
    said: set[str] = set()
    for i in range(first, last):
        if body[i]:
            said |= _content_words(text[slice(*blocks[i])])
    kept = []
    for i, (start, end) in enumerate(blocks):
        line = text[start:end]
        if body[i]:
            inside = first <= i < last or _overlap(line, said) >= _BODY_OVERLAP
        else:
            inside = i < last and _is_headline(line, said)
        if inside:
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
    if len(_content_words(line)) < 3 or _CRUMBS.search(line) or _TRUNCATED.search(line):
        return False
    return _overlap(line, said) >= _HEADLINE_OVERLAP


def _overlap(line: str, said: set[str]) -> float:
    """The part of a line's content words that the body says too."""
    words = _content_words(line)
    return len(words & said) / max(1, len(words))


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
    block = text[start:end]
    found: list[Bounds] = []
    for first, last in _rejoin(block, _segment(block)):
        if last - first > _LONGEST_QUOTATION:
            blanked = block[first:last].translate(_BLANK_QUOTES)
            inner = [(first + a, first + b) for a, b in _segment(blanked)]
            found += _close_quotes(block, inner, first)
        else:
            found.append((first, last))
    return [(start + a, start + b) for a, b in _move_opening_quotes(block, found)]


def _segment(block: str) -> list[Bounds]:
    """Sentence bounds by the sentence splitter's rules for English, without outer space."""
    flat = _UNREADABLE.sub("\ufffd", re.sub(r"\s", " ", block))  # a line's end ends nothing
    bounds = [strip(block, first, last) for first, last in _cuts(flat)]
    return [(first, last) for first, last in bounds if first < last]


def _cuts(line: str) -> Iterator[Bounds]:
    """Where the splitter cuts a line; a long one is given to it stretch by stretch.

    The next stretch begins with the last sentence of the one before, which may go on.
    """
    start = at = 0  # of the sentence that is open, and of the stretch
    while True:
        stretch = line[at : at + _STRETCH]
        ends = [at + cut["end_index"] for cut in sentencex.get_sentence_boundaries("en", stretch)]
        last = at + len(stretch) == len(line)
        for end in ends if last else ends[:-1]:
            yield start, end
            start = end
        if last:
            return
        at = start if len(ends) > 1 else at + _STRETCH


def _rejoin(block: str, bounds: list[Bounds]) -> list[Bounds]:
    """Puts together what was cut inside a word, as in "U.S.-U.K. talks", or a time of day."""
    joined: list[Bounds] = []
    for first, last in bounds:
        before = block[max(0, first - 12) : first]
        inside_word = joined and joined[-1][1] == first and _INITIAL.search(before)
        inside_time = joined and _HOUR.search(before) and _TIME_GOES_ON.match(block, first)
        if inside_word or inside_time:
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


def strip(text: str, start: int, end: int) -> Bounds:
    """The bounds of `text[start:end]` without outer space; empty where it is all space."""
    piece = text[start:end]
    lead = len(piece) - len(piece.lstrip())
    return (start + lead, max(start + lead, end - (len(piece) - len(piece.rstrip()))))
