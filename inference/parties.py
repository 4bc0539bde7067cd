"""Which state or international body a span speaks for: "Iranian foreign minister" is IRN.

The head of the phrase decides, not what stands somewhere in it: a state, its organs and
those who hold its offices are the state; its rebels, companies and citizens are not, and
neither are talks with it or strikes on it. The names come from two tables beside this file:
`states.tsv` is written by `stancewire.training.states` out of pycountry, CLDR and countryinfo;
`parties.tsv` has what those lack: metonyms, short names, organs with names of their own, and
the international bodies.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from . import party_words as its
from .words import word_spans

_LONGEST = 9  # words of a name
_MARKS = frozenset(",()[]—:;-/&")

_SPEAK = its.OFFICES | its.ORGANS | its.PAPERS
_SPEAK_FOR_BODY = _SPEAK | its.OF_BODIES
_TELLING = its.MATTERS | its.OFFICES | its.ORGANS
_NAMED = its.OFFICES | {"agency", "service", "frigate", "destroyer", "warship"}
_TO = frozenset({"adviser", "advisor", "aide"})  # "aide to the Iraqi premier"


class _Word(NamedTuple):
    raw: str
    plain: str
    small: bool  # the whole text is in small letters, so that names cannot be told by theirs


class _Name(NamedTuple):
    code: str | None  # None: leave it alone
    kind: str  # name, seat, demonym, people ("Iranians"), organ ("Duma"), body, "body seat"
    letters: bool  # an abbreviation, "UN"

    @property
    def body(self) -> bool:
        return self.kind.startswith("body")

    @property
    def place(self) -> bool:
        return self.kind.endswith(("name", "seat"))


@lru_cache(maxsize=4096)
def party(text: str) -> str | None:
    """The state or body that the words of a source or target speak for; None for others.

    States have ISO 3166 alpha-3 codes (withdrawn ones too, as SUN; Kosovo is XKX), bodies
    their usual short names (UN, NATO, EU), none of which is a state's code. Only the words
    themselves count: "the ministry" and "he" are None, whomever the sentence means.
    """
    lower = text.lower()
    places = word_spans(lower if len(lower) == len(text) else text)  # "IRAN'S" is two words
    words = [_Word(text[a:b], _plain(text[a:b]), text == lower) for a, b in places]
    return _clause([word for word in words if word.plain])


def party_name(code: str) -> str | None:
    """What a code of `party` stands for: "Israel" for ISR, for a body the code; None for others."""
    return _called().get(code)


@cache
def _called() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, kind, names in _rows():
        if kind == "name":
            found.setdefault(code, names.split("|")[0])
        elif kind == "body":
            found.setdefault(code, code)
    return found


def _clause(words: Sequence[_Word]) -> str | None:
    """The party of a noun phrase, or of the apposition to a name."""
    end = next((i for i, word in enumerate(words) if _ends(word)), len(words))
    main, rest = words[:end], words[end + 1 :]
    if any(word.plain in its.VERBS and word.raw.islower() for word in main):
        return None  # "Iran was behind it"
    found = _phrase(main)
    if rest and words[end].plain in ",—":
        if found is None:  # "Sergei Orlov, the Russian envoy"
            return _clause(rest) if all(map(_capital, main)) else None
        other, _ = _name(rest)
        if other is not None and other.code != found:
            return None  # "officials in Berlin, Paris and Rome"
    return found


def _phrase(words: Sequence[_Word]) -> str | None:
    for at in range(1, len(words)):
        if not _is(words[at - 1], its.KIN):
            continue
        name, end = _name(words[at:])
        known = all(word.plain in its.BEFORE or _capital(word) for word in words[: at - 1])
        if name is not None and name.place and known and at + end == len(words):
            return name.code  # "its NATO ally Turkey"
    start = _after_modifiers(words)
    name, end = _name(words[start:])
    if name is None:
        return _behind_preposition(words)
    before, rest = words[:start], words[start + end :]
    if rest and rest[0].plain == "s":
        rest = rest[1:]
    if not rest:
        counted = any(word.plain in its.COUNTED or word.raw.isdigit() for word in before)
        return None if name.kind == "people" and counted else name.code
    if rest[0].plain == "-" and len(rest) > 2 and rest[1].plain in its.HELPED:
        return _phrase(rest[2:])  # "Russia-backed Syrian government"
    if rest[0].plain in ("-", "/", "&", "and", "or"):
        return None  # "Moscow-backed", "Russian and Iranian officials"
    at = _preposition(rest)
    core = rest[:at]
    again, _ = _name(core)
    if again is not None and again.code == name.code:
        return _phrase(rest)  # "Britain's MI5"
    if words[start].plain == "georgia" and any(_is(word, its.OF_THE_UNION) for word in core):
        return None
    roles = _SPEAK_FOR_BODY if name.body else _SPEAK
    if not _head([*before, *core], roles, sure=name.kind == "organ", others=name.body):
        return None
    if rest[at:] and rest[at].plain == "of":  # "German commander of the NATO force"
        return _phrase(rest[at + 1 :]) or name.code
    return name.code


def _behind_preposition(words: Sequence[_Word]) -> str | None:
    """The party of "officials in Tehran", "King Talal of Jordan", "envoy of the Iraqi army"."""
    at = _preposition(words)
    head, rest = words[:at], words[at + 1 :]
    if not rest or words[at].plain not in its.TO:
        return None
    place = rest[_after_modifiers(rest) :]
    name, end = _name(place)
    if name is not None and name.place and (end == len(place) or _preposition(place[end:]) == 0):
        return name.code if _stands_for(head, words[at].plain, place[0]) else None
    if name is None and any(_is(word, its.GOVERNING) for word in head[-1:]):
        later = _preposition(rest)
        if not any(_is(word, its.OTHERS) for word in rest[:later]):
            found = _behind_preposition([*head, *rest[later:]])  # "Ministry of Defence of Russia"
            if found is not None:
                return found
    roles = its.OF_ORGANS if words[at].plain != "to" else _TO
    if name is not None and name.body:
        roles = roles | its.OF_BODIES
    return _phrase(rest) if _head(head, roles, sure=True) else None


def _stands_for(head: Sequence[_Word], to: str, place: _Word) -> bool:
    """Whether `head` is the state's, as in "government of Iran" and "officials in Tehran"."""
    if to in ("of", "for"):
        roles = (its.OFFICES | its.ORGANS) - its.NOT_BY_NAME
        return bool(_head(head, roles - its.OF_THE_UNION if place.plain == "georgia" else roles))
    if to == "from" and _head(head, its.FROM, sure=True):
        return True
    if to not in ("in", "at", "from", "inside"):
        return False
    role = _head(head, _SPEAK)
    return role in its.AT_HOME or (
        role is not None
        and role not in its.ABROAD
        and any(_is(word, _TELLING) for word in head if _is(word, _SPEAK) != role)
    )


def _head(
    words: Sequence[_Word], roles: frozenset[str], sure: bool = False, others: bool = False
) -> str | None:
    """The last of `words` that is one of `roles`, if it is the head and the state's own.

    Behind an office a name may follow. With `sure`, other words say whose it is; with
    `others`, it may be a refugee agency or a relief fund.
    """
    words = [word for word in words if word.plain != "s"]
    for at in range(len(words) - 1, -1, -1):
        role = _is(words[at], roles)
        before, behind = words[:at], words[at + 1 :]
        if role is None or (behind and not (role in _NAMED and _all_names(behind))):
            continue
        if any(_is(word, its.PAST if others else its.OTHERS) for word in before):
            return None
        plain = " ".join(word.plain for word in words[: at + 1])
        if any(f" {together}" in f" {plain}" for together in its.OTHERS_TOGETHER):
            return None
        if sure or others:
            return role
        if role == "leader":
            return role if all(word.plain in its.LEADING | its.BEFORE for word in before) else None
        if role in ("chief", "head"):
            return role if before else None  # of what?
        if role in its.UNSURE:
            return role if any(_is(word, _TELLING) for word in before) else None
        return role
    return None


def _is(word: _Word, among: frozenset[str]) -> str | None:
    """The word in the singular, if it is among those."""
    plain = word.plain
    if plain.endswith(("woman", "women")):
        plain = f"{plain[:-5]}man"
    if plain.endswith("men"):
        plain = f"{plain[:-3]}man"
    if plain in among:
        return plain
    if plain.endswith("s"):
        for one in (plain[:-1], f"{plain[:-3]}y"):
            if one in among:
                return one
    return None


def _all_names(words: Sequence[_Word]) -> bool:
    if any(_is(word, its.OTHERS) and not _capital(word) for word in words):
        return False  # "president-elect"
    if words[0].small:
        return len(words) <= 4
    return all(
        _capital(word) or word.plain in its.PARTICLES or before.plain == "-"
        for before, word in zip([words[0], *words], words, strict=False)
    )


def _ends(word: _Word) -> bool:
    return word.plain in its.ENDS and word.raw != "WHO"


def _capital(word: _Word) -> bool:
    return word.raw[:1].isupper()


def _after_modifiers(words: Sequence[_Word]) -> int:
    """Where the name of a state or body may begin: behind "two senior", "nuclear-armed"."""
    at = 0
    while at < len(words) and _name(words[at:])[0] is None:
        if len(words) > at + 3 and words[at + 1].plain == "-":
            at += 3
        elif words[at].plain in its.BEFORE or words[at].raw.isdigit():
            at += 1
        else:
            break
    return at


def _preposition(words: Sequence[_Word]) -> int:
    for at, word in enumerate(words):
        if word.plain in its.ANY_TO and not (words[at + 1 :] and words[at + 1].plain == "-"):
            return at  # but not in "under-secretary"
    return len(words)


def _name(words: Sequence[_Word]) -> tuple[_Name | None, int]:
    """The longest name that `words` begin with, and how many words it has."""
    table = _names()
    for end in range(min(len(words), _LONGEST), 0, -1):
        name = table.get(" ".join(word.plain for word in words[:end]))
        if name is not None and _written(words, end, name):
            return name, end
    return None, 0


def _written(words: Sequence[_Word], end: int, name: _Name) -> bool:
    """Whether it is written as a name: "us" and "who" are none, and "turkey" seldom is."""
    first = words[0]
    if first.small:
        return first.plain not in its.CAPITAL or (first.plain == "us" and end < len(words))
    return first.raw.isupper() if name.letters else _capital(first)


@cache
def _names() -> dict[str, _Name]:
    """All names, as plain words. What parties.tsv says goes before states.tsv."""
    table: dict[str, _Name] = {}
    for code, kind, names in _rows():
        known = None if code == "-" else code
        for name in names.split("|"):
            key = _key(name)
            table[key] = _Name(known, kind, name.isupper() and " " not in name)
            if kind == "demonym":
                table[f"{key}s"] = _Name(known, "people", False)
    return table


def _rows() -> Iterator[list[str]]:
    """The rows of both tables: code, kind, names."""
    for file in ("states.tsv", "parties.tsv"):
        for line in Path(__file__).with_name(file).read_text(encoding="utf-8").splitlines():
            yield line.split("\t")


def _key(name: str) -> str:
    if name.isascii() and name.replace(" ", "").isalpha():
        # nearly all: this is done at every start
        return " ".join(its.SPELLED.get(word, word) for word in name.lower().split())
    return " ".join(filter(None, (_plain(name[a:b]) for a, b in word_spans(name))))


def _plain(word: str) -> str:
    """A word without case, accents and points; marks that mean nothing here are empty."""
    if word in _MARKS:
        return word
    if word in "–—":
        return "-" if word == "–" else "—"
    bare = word.casefold()
    if not bare.isascii():
        bare = unicodedata.normalize("NFKD", bare)
    if not bare.isalnum():
        bare = "".join(filter(str.isalnum, bare))
    return its.SPELLED.get(bare, bare)
