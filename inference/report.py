"""A page out of tagged records: who stands where, down to the sentence in its article.

The records are read one at a time; kept are the sentences with stances, their neighbours and
the names of the parties. These go as one piece of JSON into the template beside this file,
`report.html`, which holds everything that draws them.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, cast

from .parties import party_name
from .records import party_of
from .rows import Fault, Fields, Row, read_rows
from .scoring import span_words
from .types import ROLES, STANCES

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")
_TEMPLATE = Path(__file__).with_name("report.html")

# The first two names in the page's list, for who or what is no party.
NOT_NAMED, A_CLAIM = "(not named)", "(a claim)"
# Pronouns of several articles are not one party; nobody is named by them.
_PRONOUNS = frozenset(
    re.findall(
        r"\w+",
        "i me we us you he him she her it they them himself herself itself themselves this that "
        "these those who whom which one both all others",
    )
)
_LONGEST_NAME = 160  # characters; what is longer is a runaway span

_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?!\d)")
_WRITTEN_DAYS = ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y")


class ReportError(ValueError):
    """Records that cannot be shown; the message says where, why and what to do."""


def write_report(
    path: Path, output: Path, title: str | None = None, context: int = 2
) -> dict[str, int]:
    """Writes the page of the records in `path` ("-" for standard input).

    `context` is the number of sentences to keep on either side of one with a stance.
    Returns the counts of "articles", "sentences" and "stances" read, of the articles whose
    date names no day ("days_unread"), and the "bytes" written. The page appears whole or not
    at all. Raises ReportError where the records are none that `stancewire tag` writes or
    there are none, OSError where a file cannot be read or written.
    """
    found = collect(_rows(path), context)
    if not found["read"]["articles"]:
        named = "standard input" if str(path) == "-" else path
        raise ReportError(f"{named}: holds no tagged sentence, so there is nothing to show")
    found["title"] = title or ("standard input" if str(path) == "-" else path.name)
    data = page(found).encode(errors="replace")  # a file's name may hold half characters
    part = output.with_name(output.name + ".part")
    try:
        part.write_bytes(data)
        os.replace(part, output)
    finally:
        part.unlink(missing_ok=True)
    read = found["read"]
    return {
        "articles": read["articles"], "sentences": read["sentences"],
        "stances": len(found["stances"]), "bytes": len(data),
        "days_unread": sum(given is not None and day is None
                           for _, _, given, day, _ in found["articles"]),
    }  # fmt: skip


def page(found: Mapping[str, Any]) -> str:
    """The page that shows what `collect` found, with a "title" beside it.

    Nothing in the data can leave its element: what HTML could take for its own is escaped,
    and the page's policy runs no script but the one of the template, known by its hash.
    """
    text = _TEMPLATE.read_text(encoding="utf-8")
    for kind in ("style", "script"):
        (code,) = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        text = text.replace(f"{{{{{kind}-hash}}}}", f"sha256-{digest}")
    before, after = text.split("{{data}}")
    before = before.replace("{{title}}", html.escape(" ".join(found["title"].split())))
    data = json.dumps(found, separators=(",", ":"))  # ASCII: no U+2028, no half characters
    for mark in "<>&":
        data = data.replace(mark, f"\\u{ord(mark):04x}")
    return before + data + after


def collect(rows: Iterable[Row | Fault], context: int = 2) -> dict[str, Any]:
    """What the page shows of the records, ready for JSON.

    - "read": how many "articles" and "sentences" there were;
    - "articles": [name, title or null, date as given or null, day "2024-05-31" or null,
      whether it looks English], of those with a stance;
    - "sentences": [article, number, text], those with stances and their neighbours;
    - "names": how those on either side are called, "(not named)" and "(a claim)" first;
    - "parties": [code, name] of the parties that were recognised;
    - "stances": [sentence, stance, score, sources, targets, claims]. A claim is [start, end],
      a source or target [start, end, name, party or -1, fuller name where there is one], in
      UTF-16 units of its sentence, which is how a browser counts.

    A denial's target is a name where somebody of that name takes a stance, is accused or is
    warned anywhere, else "(a claim)". Raises ReportError at the first row that is no record.
    """
    found = _Collection(context)
    for row in rows:
        found.add(_checked(row))
    return found.finished()


class _Collection:
    def __init__(self, context: int) -> None:
        self.context = context
        self.read = Counter[str](articles=0, sentences=0)
        self.articles: list[list[Any]] = []
        self.sentences: list[list[Any]] = []
        # as in `collect`, but with keys for names and codes for parties
        self.stances: list[tuple[int, int, float, list[_Side], list[_Side], list[list[int]]]] = []
        self.names = _Names()
        self.parties = _Names()
        self.acting: set[Key] = set()
        self.codes: dict[Key, set[str]] = {}  # of a name
        self._at = ("", -1)  # article and number of the sentence before
        self._kept = False  # whether the article is among `articles`
        self._before: deque[list[Any]] = deque(maxlen=context)
        self._to_come = 0  # sentences to keep after one with a stance

    def add(self, record: dict[str, Any]) -> None:
        """Takes the next record in."""
        name, number, text = record["article"], record["sentence"], record["text"]
        if self._at[0] != name or number <= self._at[1] or not self.read["sentences"]:
            self.read["articles"] += 1
            self._kept, self._to_come = False, 0
            self._before.clear()
        self._at = name, number
        self.read["sentences"] += 1
        if record["stances"]:
            self._keep_article(record)
            self._to_come = self.context + 1
        if not self._to_come:
            self._before.append([number, text])
            return
        self._to_come -= 1
        home = len(self.articles) - 1
        self.sentences.extend([home, *near] for near in self._before)
        self.sentences.append([home, number, text])
        self._before.clear()
        for stance in record["stances"]:
            self._add_stance(stance, _Units(text, record["start"]))

    def _keep_article(self, record: dict[str, Any]) -> None:
        if not self._kept:
            given = record.get("date")
            english = record.get("english", True)
            self.articles.append(
                [record["article"], record.get("title"), given, day_of(given), english]
            )
        self._kept = True

    def _add_stance(self, stance: dict[str, Any], units: _Units) -> None:
        kind = STANCES.index(stance["stance"])
        claimed = stance["stance"] == "denies"
        sources = [self._side(span, units) for span in stance["source"]]
        targets = [self._side(span, units, claimed) for span in stance["target"]]
        self.acting.update(side.key for side in (sources if claimed else sources + targets))
        claims = [units.place(span) for span in stance["claim"]]
        place = len(self.sentences) - 1
        self.stances.append((place, kind, stance["score"], sources, targets, claims))

    def _side(self, span: Mapping[str, Any], units: _Units, claimed: bool = False) -> _Side:
        resolved = span.get("resolved")
        fuller = " ".join(resolved["text"].split()) if resolved else None
        text = fuller or " ".join(span["text"].split())
        key = span_words(text)
        if text != "US" and text.lower() in _PRONOUNS:
            key = ()
        code = party_of(span)
        self.names.add(key, text)
        if code is not None:
            if key and fuller is None:
                self.codes.setdefault(key, set()).add(code)
            self.parties.add((code,), text, 0 if claimed else 1)
        return _Side(units.place(span), key, code, fuller, claimed)

    def finished(self) -> dict[str, Any]:
        """What `collect` returns."""
        numbers: dict[Key, int] = {(): 0, _CLAIM: 1}
        codes: dict[str, int] = {}

        def numbered(side: _Side) -> list[Any]:
            key, party = side.key, side.party
            if party is None and side.fuller is not None and len(self.codes.get(key, ())) == 1:
                (party,) = self.codes[key]  # "he" is of the party that his full name is of
            if side.claimed and party is None and key not in self.acting:
                key = _CLAIM
            name = numbers.setdefault(key, len(numbers))
            code = -1 if party is None else codes.setdefault(party, len(codes))
            more = [] if side.fuller is None else [side.fuller]
            return [*side.place, name, code, *more]

        stances = [
            [place, kind, score, [*map(numbered, sources)], [*map(numbered, targets)], claims]
            for place, kind, score, sources, targets, claims in self.stances
        ]
        return {
            "read": dict(self.read),
            "articles": self.articles,
            "sentences": self.sentences,
            "names": [NOT_NAMED, A_CLAIM, *map(self.names.commonest, list(numbers)[2:])],
            "parties": [
                [code, party_name(code) or self.parties.commonest((code,))] for code in codes
            ],
            "stances": stances,
        }


Key = tuple[str, ...]  # the words by which names are one, or a code
_CLAIM: Key = (" ",)  # no name has such a word


@dataclass
class _Side:
    """A source or target: its place in the sentence, what it is grouped by, its fuller name.

    `claimed` is the target of a denial, which may name what is denied rather than a party.
    """

    place: list[int]
    key: Key
    party: str | None
    fuller: str | None
    claimed: bool


class _Names:
    """The ways in which each name is written, and how often."""

    def __init__(self) -> None:
        self.written: dict[Key, Counter[str]] = {}

    def add(self, key: Key, text: str, times: int = 1) -> None:
        self.written.setdefault(key, Counter())[text[:_LONGEST_NAME]] += times

    def commonest(self, key: Key) -> str:
        return self.written[key].most_common(1)[0][0]


class _Units:
    """Turns offsets in the article, as Python counts, into those in the sentence, as a browser."""

    def __init__(self, text: str, start: int) -> None:
        self.text, self.start = text, start
        self.wide = not text.isascii() and max(text) > "\uffff"

    def place(self, span: Mapping[str, Any]) -> list[int]:
        return [self._of(span["start"] - self.start), self._of(span["end"] - self.start)]

    def _of(self, offset: int) -> int:
        return offset + self.wide * sum(mark > "\uffff" for mark in self.text[:offset])


def _rows(path: Path) -> Iterator[Row | Fault]:
    if str(path) == "-":
        yield from read_rows(path, ".jsonl", cast(Any, sys.stdin.buffer), Fields())
        return
    if not path.name.lower().endswith(SUFFIXES):
        raise ReportError(
            f"{path}: a report is made from {', '.join(SUFFIXES)}, which `stancewire tag` writes "
            "with -o; other forms do not hold every sentence and offset"
        )
    with path.open("rb") as raw:
        yield from read_rows(path, ".jsonl", raw, Fields())


def _checked(row: Row | Fault) -> dict[str, Any]:
    """The record of a row; raises ReportError where it is none."""
    if not isinstance(row, Row):
        raise ReportError(": ".join(row))
    wrong = _wrong(row.cells)
    if wrong:
        raise ReportError(f"{row.where}: {wrong}; give a file that `stancewire tag -o` wrote")
    return row.cells


def _wrong(record: dict[str, Any]) -> str | None:
    """What makes a row no record of a tagged sentence."""
    for name, kind in (("article", str), ("sentence", int), ("start", int), ("text", str),
                       ("stances", list)):  # fmt: skip
        if not isinstance(record.get(name), kind):
            return f"`{name}` is missing or of another type"
    for name in ("title", "date"):
        if not isinstance(record.get(name, ""), str | None):
            return f"`{name}` is not a string"
    for stance in record["stances"]:
        if not isinstance(stance, dict) or stance.get("stance") not in STANCES:
            return f"a stance is none of {', '.join(STANCES)}"
        score = stance.get("score")
        if not isinstance(score, int | float) or not 0 <= score <= 1:
            return "the `score` of a stance is no number from 0 to 1"
        for role in ROLES:
            spans = stance.get(role)
            if not isinstance(spans, list):
                return f"a stance has no list of spans `{role}`"
            for span in spans:
                if not _lies_in(span, record["text"], record["start"]):
                    return f"a span of `{role}` does not lie in the sentence"
    return None


def _lies_in(span: Any, text: str, start: int) -> bool:
    if not isinstance(span, dict):
        return False
    first, end = span.get("start"), span.get("end")
    if not isinstance(first, int) or not isinstance(end, int) or not start <= first <= end:
        return False
    resolved = span.get("resolved")
    return (
        text[first - start : end - start] == span.get("text")
        and isinstance(span.get("party"), str | None)
        and (
            resolved is None
            or (isinstance(resolved, dict) and isinstance(resolved.get("text"), str))
        )
    )


def day_of(given: str | None) -> str | None:
    """The day that a date names, as "2024-05-31"; None where it names none for certain.

    Read are ISO 8601, mail and feed dates, and days written out in English. Days all in
    figures, such as 03/04/2024, differ by country and are left, and so are years such as 1 and
    9999, which stand for no date.
    """
    day = _day(given.strip()) if given else None
    return day.isoformat() if day and 1000 < day.year < 3000 else None


def _day(given: str) -> date | None:
    try:
        if iso := _DAY.match(given):
            return date(*map(int, iso.groups()))
        for form in _WRITTEN_DAYS:
            with suppress(ValueError):
                return datetime.strptime(given, form).date()
        return parsedate_to_datetime(given).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
