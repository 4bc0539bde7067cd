"""The words of a sentence as reading for names needs them: possessives cut off, quotations told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .roles import COMMON

_TOKEN = re.compile(
    r"(?:[^\W\d_]\.){2,}"  # U.S.
    r"|(?:Mr|Mrs|Ms|Dr|Prof|Gen|Sen|Rep|Gov|Lt|Col|Capt|Sgt|Cpl|Adm|Maj|St|Rev|Hon|Cllr|Det|Insp"
    r"|Supt|Brig|Fr)\.(?=\s)"
    r"|[A-Z]\.(?=\s[A-Z])"  # Mark A. Bell
    r"|[^\W_]+(?:[-’'.&][^\W_]+)*(?:(?<=s)[’'](?=\s[^\W_]))?"  # words; Iran’s, deckhands’ union
    r"|[^\w\s]"
)
_OPEN, _CLOSE, _SINGLE = frozenset("“«„"), frozenset("”»"), frozenset("‘'’")
_QUOTE = re.compile('[“”«»„‘"]')
_POSSESSIVE = re.compile(r"(?:[’']s|(?<=s)[’'])$")
_LATE_CAPITAL = re.compile(r"(?:al|an|ar|as|el|ul|bin|d|l)[-’'][A-Z]")  # al-Assad, d'Estaing


@dataclass(slots=True)
class Words:
    """The words of a sentence; a possessive ending is cut off and told by `possessive`."""

    raw: list[str]
    low: list[str]
    starts: list[int]
    ends: list[int]
    possessive: list[bool]
    quoted: list[bool]
    nested: list[bool]
    first: int = 0  # behind the dateline

    def capital(self, i: int) -> bool:
        """Whether a word is written as a name."""
        if not 0 <= i < len(self.raw):
            return False
        raw = self.raw[i]
        if raw[0].isupper():
            return self.low[i] not in COMMON
        return _LATE_CAPITAL.match(raw) is not None

    def at(self, i: int) -> str:
        return self.low[i] if 0 <= i < len(self.low) else ""

    def only_quotes(self) -> bool:
        """Whether there is a quotation and no word outside it."""
        return any(self.quoted) and not any(
            raw[0].isalnum() and not inside
            for raw, inside in zip(self.raw, self.quoted, strict=True)
        )

    def is_word(self, i: int) -> bool:
        return 0 <= i < len(self.raw) and self.raw[i][0].isalnum()


def read_words(text: str, start: int, end: int, opened: str) -> tuple[Words, str]:
    """The words of a sentence, where `opened` is the quotation mark that it begins behind."""
    found = list(_TOKEN.finditer(text, start, end))
    raw = [match.group() for match in found]
    starts = [match.start() for match in found]
    possessive = [False] * len(raw)
    if text.find("’", start, end) >= 0 or text.find("'", start, end) >= 0:
        for i, word in enumerate(raw):
            if len(word) > 2 and ("’" in word or "'" in word):
                tail = _POSSESSIVE.search(word)
                if tail:
                    raw[i], possessive[i] = word[: tail.start()], True
    ends = [first + len(word) for first, word in zip(starts, raw, strict=True)]
    low = [word.lower() for word in raw]
    if text.find(". ", start, end) >= 0:  # "Mr. Okafor"
        low = [word.rstrip(".") or word for word in low]
    if opened or _QUOTE.search(text, start, end):
        quoted, nested, opened = _quotations(raw, opened)
    else:
        quoted = nested = [False] * len(raw)
    return Words(raw, low, starts, ends, possessive, quoted, nested), opened


def _quotations(raw: Sequence[str], opened: str) -> tuple[list[bool], list[bool], str]:
    """For each word whether it is quoted, and whether in a quotation inside another."""
    quoted, nested = [], []
    inner = False
    for word in raw:
        if word in _OPEN or (word == "‘" and not opened):
            opened = word
        elif word in _CLOSE or (word == "’" and opened == "‘"):
            opened, inner = "", False
        elif word == '"':
            opened, inner = ("", False) if opened == '"' else ('"', False)
        elif opened and word in _SINGLE:
            inner = not inner and word != "’"
        quoted.append(bool(opened))
        nested.append(inner)
    return quoted, nested, "" if opened == "‘" else opened
