"""Who is mentioned in an article, found by rule: names with titles, descriptions, pronouns.

Names are runs of capitalised words. A title before one ("trade minister Chidi Okafor"), an
apposition ("Rosa Paredes, director of the hospital,") or a "who" behind it say that it is a
person's; "Ministry", "Ltd" or "Strait" in it that it is not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .given import GENDERS
from .roles import (
    BLAMES,
    BODIES,
    COMMON,
    FIRMS,
    HONORIFICS,
    KIN,
    NO_PERSON,
    PERSONS,
    PLACES,
    SPEECH,
    fold,
    word_set,
)
from .tokens import Words, read_words

# The head of a title or description, with the words before it: "minister", {"trade"}.
Title = tuple[str, frozenset[str]]

# How sure it is that a name is a person's.
NO, PERHAPS, SURE = -1, 0, 1

PRONOUNS = word_set("he she it they i we me us his her")
_KNOWN = PRONOUNS | frozenset(PERSONS) | BODIES
_GENDERS = {"he": "m", "his": "m", "she": "f", "her": "f"}

_DATELINE = re.compile(
    r"[A-Z][A-Z.'’ -]+(?:,[^—–:()“\"]{1,30})?\s*(?:\([^)]{1,40}\)\s*)?(?:[—–-]{1,2}\s|:\s)"
)
_BYLINE = re.compile(r"By\s+[A-Z]")
_ENDED = re.compile(r"[.!?…:;,][\"”’'»)\]]*$")

_PARTICLES = word_set(
    "abu al bin da das de del della den der di do dos du el ibn la le ter van von"
)  # fmt: skip
_THE = frozenset(("the",))
_A = word_set("a an another one some any every each no")
_ITS = word_set("its his her their our my your")
_OF = frozenset(("of", "for"))
_GIVEN = {
    word: kind
    for kind, known in (
        ("the", _THE),
        ("a", _A),
        ("its", _ITS),
        ("in", word_set("in into across near")),
    )
    for word in known
}
_AFTER_HEAD = word_set("of for at in from on to with who whose which that and by based near")
# A clause may begin behind these.
_CLAUSE = word_set(
    "but and or that when while as if after before because since although though until so yet "
    "where whether than"
)
_PREPOSITIONS = word_set(
    "about against at between by for from in into near of on over to under with"
)
# What may stand between a subject and its verb.
_BEFORE_VERB = word_set(
    "also has have had later then repeatedly again since now still once already long publicly "
    "recently earlier twice flatly strongly angrily formally himself herself itself always "
    "never both just only previously separately immediately quickly would will could may "
    "might must further too often initially consistently nevertheless is are was"
)
# Verbs that come before their speaker: “…,” said Kirby.
_INVERTED = word_set(
    "said says added adds asked warned warns wrote writes replied replies noted notes "
    "explained explains shouted insisted insists argued argues claimed claims recalled "
    "remarked complained continued concluded according"
)
# Verbs before a titled person, which are no part of the title.
_VERBS = SPEECH | word_set(
    "met sent let made saw left put quit hit won lost found led held kept gave took shot beat "
    "is are was were be been being has have had do does did will would can could may might "
    "must urges meets visits joins backs names quotes sues fires hires cites thanks praises "
    "defends appoints replaces succeeds becomes became meet visit sue quote back join succeed "
    "replace appoint name defend praise thank fire hire cite"
)
_ED = word_set("retired elected disgraced ousted jailed exiled deposed convicted red")
_ING = word_set(
    "acting leading ruling incoming outgoing sitting managing visiting presiding commanding "
    "mining shipping fishing farming banking housing planning building engineering"
)
_ENDS = frozenset(("", ",", ".", ";", "—", "–", "(", "”", '"', "of", "who", "whose"))
# What is longer is a table or a list rather than a sentence, and only its beginning is read.
_LONGEST_SENTENCE = 3_000
_CLOSING = frozenset(("", ".", ",", ";", ":", "on", "in", "at", "to", "of", "during", "by"))
_BEFORE_NAME = word_set(
    "former then acting veteran retired deputy outgoing ousted late disgraced jailed senior chief "
    "assistant vice top exiled ex incoming"
)
_LONGEST_NAME = 8
_LONGEST_TITLE = 9
_LONGEST_APPOSITION = 7


@dataclass(slots=True, eq=False)
class Mention:
    """Somebody mentioned at `start` to `end` of the article.

    `name` holds the folded words of a name without its titles, `pronoun` a pronoun; a
    description ("the trade minister") has neither, and one title.
    """

    start: int
    end: int
    sentence: int
    name: tuple[str, ...] = ()
    pronoun: str = ""
    titles: list[Title] = field(default_factory=list)
    gender: str = ""
    person: int = PERHAPS
    given: str = ""  # what comes before a description or name: "the", "a", "its", "in" …
    after: str = ""  # the word before it, articles aside
    titled: bool = False  # a name with its title before it
    subject: bool = False
    verb: str = ""  # of speech, where it is what this one does
    closes: bool = False  # that verb ends the clause: "…, he said on Monday."
    quoted: bool = False
    nested: bool = False  # in a quotation inside a quotation
    headline: bool = False
    acronym: bool = False  # the first word of a name is one
    leads: bool = False  # nothing but an opening comes before it in the sentence
    more: bool = False  # a description goes on: "spokesman for the coast guard"
    apposed: Mention | None = None  # the name in "The company, Caspian Trunk Pipelines,"


@dataclass(frozen=True, slots=True)
class Read:
    """A sentence's mentions, and whether it is nothing but quotation, or lays blame."""

    mentions: list[Mention]
    only_quotes: bool
    blames: bool


def read_mentions(text: str, sentences: Sequence[tuple[int, int]]) -> list[Read]:
    """What each sentence says of whom, in order; one pass over the text."""
    found: list[Read] = []
    opened, before = "", 0
    for number, (start, end) in enumerate(sentences):
        if "\n" in text[before:start]:
            opened = ""  # a paragraph that goes on with a quotation opens it anew
        before = end
        words, opened = read_words(text, start, min(end, start + _LONGEST_SENTENCE), opened)
        headline = _ENDED.search(text, max(start, end - 4), end) is None
        if headline and (_BYLINE.match(text, start) or _in_capitals(words)):
            found.append(Read([], False, False))
            continue
        dateline = _DATELINE.match(text, start, end)
        while dateline and words.first < len(words.raw) and (
            words.starts[words.first] < dateline.end()
        ):  # fmt: skip
            words.first += 1
        mentions = _mentions(words, number)
        for mention in mentions:
            mention.headline = headline
        blames = not BLAMES.isdisjoint(words.low)
        found.append(Read(mentions, words.only_quotes(), blames))
    return found


def _in_capitals(words: Words) -> bool:
    """Whether a headline Writes Most Words Large, so that capitals tell nothing."""
    long = [raw for raw in words.raw if len(raw) > 3 and raw[0].isalpha()]
    return sum(raw[0].isupper() for raw in long) > 0.7 * len(long)


def _mentions(words: Words, sentence: int) -> list[Mention]:
    before: list[Mention] = []  # the sentence's descriptions so far, for appositions
    places: list[int] = []  # and the index of each one's head
    found: list[Mention] = []
    i = words.first
    while i < len(words.raw):
        low, raw = words.low[i], words.raw[i]
        mention, following = None, i + 1
        if low == raw and low not in _KNOWN and "-" not in raw and "’" not in raw:
            i = following
            continue
        if low in PRONOUNS:
            mention = _pronoun(words, i, sentence)
        elif words.capital(i):
            following = _run_end(words, i)
            mention, following = _of_run(words, i, following, sentence)
        elif low in PERSONS or low in BODIES:
            mention = _description(words, i, sentence)
        if mention is not None:
            if mention.name and before:
                # the first: "The owner of the laboratory, Ravi Shah"
                for description, head in zip(before[-3:], places[-3:], strict=True):
                    if _appose(words, i, description, head, mention):
                        break
            elif not mention.name and not mention.pronoun:
                before.append(mention)
                places.append(following - 1 if words.capital(i) else i)
            while found and found[-1].start >= mention.start:
                found.pop()  # "Nigerian" of "Nigerian trade minister Chidi Okafor"
            found.append(mention)
        i = following
    return found


def _pronoun(words: Words, i: int, sentence: int) -> Mention:
    low = words.low[i]
    mention = _mention(words, i, i, i + 1, sentence)
    mention.pronoun, mention.gender = low, _GENDERS.get(low, "")
    mention.subject = mention.subject or low in ("he", "she", "they")
    return mention


def _mention(words: Words, first: int, title: int, last: int, sentence: int) -> Mention:
    """A mention of words `first` to `last` with its place in the clause.

    `title` is the first of the words that has to be there, as in "Nigerian [minister …".
    """
    before = first - 1
    given = _GIVEN.get(words.at(before), "")
    if given and given != "in":
        before -= 1
    elif before >= words.first and words.possessive[before]:
        given = "its"
        while words.capital(before) or words.at(before) in _THE:
            before -= 1
    at = words.at(before) if before >= words.first else ""
    inverted = at in _INVERTED and not words.quoted[before] and _turned(words, before - 1, last)
    inverted = inverted or (at == "to" and words.at(before - 1) == "according")
    leads = before < words.first or (
        before == words.first and not words.is_word(before)
    )  # fmt: skip
    verb = before if inverted else -1 if at in _PREPOSITIONS else _verb_after(words, last)
    owns = words.possessive[last - 1]
    begins = leads or at in _CLAUSE or not (at and at[0].isalnum())
    return Mention(
        words.starts[first], words.ends[last - 1], sentence, given=given, after=at,
        verb=words.low[verb] if verb >= 0 else "",
        subject=verb >= 0 or (begins and not owns),
        closes=verb >= 0 and words.at(verb + 1) in _CLOSING, leads=leads and not owns,
        quoted=words.quoted[first], nested=words.nested[first],
    )  # fmt: skip


def _turned(words: Words, before: int, after: int) -> bool:
    """Whether "said" stands between a quotation and its speaker, not before a new clause."""
    if before < words.first or words.raw[before] in '”»"’':
        return True
    return words.raw[before] == "," and words.at(after) in ("", ",", ".", ";")


def _verb_after(words: Words, i: int) -> int:
    """Where the verb of speech is of a subject that ends before word `i`; -1 for none."""
    if i <= 0 or words.possessive[i - 1]:
        return -1
    if words.at(i) == "(":
        i = next((k + 1 for k in range(i, min(i + 5, len(words.raw))) if words.raw[k] == ")"), i)
    for _ in range(3):
        k = i
        while words.at(k) in _BEFORE_VERB:
            k += 1
        if words.at(k) in SPEECH and not words.quoted[k]:
            return k
        if words.at(i) != ",":
            return -1
        if words.at(i + 1) in SPEECH and not words.quoted[i + 1]:
            return i + 1  # "One of them, Musa Sanni, wrote"
        # behind the next comma
        i = next((k for k in range(i + 1, min(i + 25, len(words.raw))) if words.raw[k] == ","), -1)
        if i < 0:
            return -1
        if words.at(i + 1) in SPEECH or words.at(i + 1) in _BEFORE_VERB:
            i += 1
    return -1


def _run_end(words: Words, i: int) -> int:
    """The end of the run of capitalised words that begins at word `i`."""
    j = i + 1
    while j < len(words.raw) and words.quoted[j] == words.quoted[i]:
        # "Deckhands' Union" is one name, "Kirby's Russia" are two
        if words.possessive[j - 1] and (words.low[j - 1][-1] != "s" or not words.capital(j)):
            break
        k = j
        while words.at(k) in _PARTICLES and k < j + 3:
            k += 1
        if not words.capital(k):
            break
        j = k + 1
    return j


def _of_run(words: Words, i: int, j: int, sentence: int) -> tuple[Mention | None, int]:
    """What the capitalised words `i` to `j` name, and where what belongs to it ends."""
    title = max((k for k in range(i, j) if words.low[k] in PERSONS or words.low[k] in HONORIFICS),
                default=None)  # fmt: skip
    if title is None and i > words.first and not words.possessive[i - 1]:
        before = words.at(i - 1)
        if (before in PERSONS or before in HONORIFICS) and words.quoted[i - 1] == words.quoted[i]:
            title = i - 1
    if title == j - 1 and title >= i:
        return _of_title(words, i, j, sentence)
    if j - i > _LONGEST_NAME:
        return None, j
    if title is not None and j - title == 2 and words.low[j - 1].removesuffix("s") in PERSONS:
        return None, j  # "Director Generals"
    if title is not None:
        return _titled(words, title, max(title + 1, i), j, sentence)
    if any(words.low[k] in BODIES for k in (i, j - 1)):
        return _body(words, i, j, sentence)
    return _plain(words, i, j, sentence)


def _of_title(words: Words, i: int, j: int, sentence: int) -> tuple[Mention | None, int]:
    """A run that ends in a title: "Minister", "Secretary of State Antony Blinken"."""
    if words.at(j) in _OF and not words.possessive[j - 1]:
        k = j + 1 + (words.at(j + 1) == "the")
        if words.capital(k):
            end = _run_end(words, k)
            if end - k >= 3:
                return _titled(words, j - 1, end - 2, end, sentence)
    return _description(words, j - 1, sentence), j


def _titled(words: Words, title: int, i: int, j: int, sentence: int) -> tuple[Mention, int]:
    """A name at words `i` to `j` behind a title whose last word is `title`."""
    first = title
    heads: list[int] = []
    while first > words.first and (
        words.low[first - 1] in PERSONS or words.low[first - 1] in HONORIFICS
    ):
        first -= 1
    heads = [k for k in range(first, title + 1) if words.low[k] in PERSONS]
    known = any(words.low[k] not in KIN for k in heads)  # "his brother" is no title
    start = _title_start(words, first) if known else i if heads else first
    mention = _mention(words, start, first, j, sentence)
    mention.name = tuple(fold(words.raw[k]) for k in range(i, j))
    mention.person = SURE
    mention.titled = known
    for k in range(first, title + 1):
        mention.gender = (
            mention.gender or PERSONS.get(words.low[k]) or HONORIFICS.get(words.low[k], "")
        )
    others = frozenset(words.low[k] for k in range(start, i) if words.is_word(k))
    mention.titles = [(words.low[k], others - {words.low[k]}) for k in heads]
    if len(mention.name) > 1:
        mention.gender = mention.gender or GENDERS.get(mention.name[0], "")
    return mention, _apposition(words, j, mention)


def _title_start(words: Words, first: int) -> int:
    """Where the title begins whose head is word `first`: "Nigerian trade [minister]"."""
    i = first
    named = words.raw[first][0].isupper()
    while i - 1 >= words.first and first - i < _LONGEST_TITLE:
        k = i - 1
        low = words.low[k]
        if not words.is_word(k) or words.quoted[k] != words.quoted[first] or low.isdigit():
            break
        if low in _OF and words.low[k - 1] in PERSONS and k > words.first:
            i = k - 1  # "Coordinator for Strategic Communications"
            continue
        if low in COMMON or low in _VERBS:
            break
        small = not words.raw[k][0].isupper()
        if small and named and low not in _BEFORE_NAME:
            break  # "… can use statements [Philadelphia District Attorney"
        named = named or not small
        if small and "-" not in low and (
            (low.endswith("ed") and low not in _ED)
            or (low.endswith("ing") and low not in _ING)
            or low.endswith("ly")
        ):  # fmt: skip
            break
        i = k
    return i


def _body(words: Words, i: int, j: int, sentence: int) -> tuple[Mention | None, int]:
    """A ministry, union or the like of words `i` to `j`, with its "of …" and "for …"."""
    last = words.low[j - 1] in BODIES
    head = words.low[j - 1] if last else words.low[i]
    end = j
    while words.at(end) in _OF | {"and", "on"} and not words.possessive[end - 1]:
        k = end + 1 + (words.at(end + 1) == "the")
        joins = words.at(end) == "and"
        if not words.capital(k) or (joins and (end == j or k > end + 1 or words.low[k] in BODIES)):
            break
        end = _run_end(words, k)
    if end - i == 1:
        return _description(words, i, sentence), j
    mention = _mention(words, i, i, end, sentence)
    mention.name = tuple(fold(words.raw[k]) for k in range(i, end))
    mention.person = NO
    if words.at(end) in PERSONS:  # "said the Foreign Ministry spokesman": he did, not it
        mention.subject, mention.leads, mention.verb = False, False, ""
    if i > words.first and words.possessive[i - 1] and words.capital(i - 1):
        mention.name = (fold(words.raw[i - 1]), *mention.name)  # "Tarsk's Ministry of Defence"
    others = frozenset(words.low[i:end]) - {head} - COMMON
    mention.titles = [(head, others)]
    return mention, _apposition(words, end, mention)


def _plain(words: Words, i: int, j: int, sentence: int) -> tuple[Mention, int]:
    """A name without a title."""
    mention = _mention(words, i, i, j, sentence)
    mention.name = tuple(fold(words.raw[k]) for k in range(i, j))
    mention.acronym = words.raw[i].isupper() and len(words.raw[i]) > 2
    low = words.low[i:j]
    if low[-1] in FIRMS and len(low) > 1:
        mention.person = NO
        mention.titles = [("company", frozenset(low))]
    elif (
        (len(low) > 1 and any(word in NO_PERSON for word in low))
        or len(low) > 4
        or low[0] in PLACES
    ):
        mention.person = NO
    elif len(low) > 1 and mention.name[0] in GENDERS:
        mention.gender = GENDERS[mention.name[0]]
        mention.person = SURE if mention.verb else PERHAPS
    return mention, _apposition(words, j, mention)


def _apposition(words: Words, i: int, mention: Mention) -> int:
    """Reads what follows a name: ", 43," ", who …" ", a lawyer for the forum"; its end."""
    name_end = i
    if words.possessive[i - 1]:
        return name_end
    if words.at(i) == "(" and words.at(i + 2) == ")":
        i += 3
    if words.at(i) in ("who", "whose"):
        mention.person = SURE
        return name_end
    if words.at(i) != "," or words.quoted[i] != mention.quoted:
        return name_end
    i += 1
    if words.at(i).isdigit() and words.at(i + 1) == ",":
        mention.person = SURE
        i += 2
    low = words.at(i)
    if low == "which":
        mention.person = NO if mention.person != SURE else SURE
        return name_end
    if low in ("who", "whose"):
        mention.person = SURE
        if words.at(i + 1) not in ("is", "was"):
            return name_end
        i += 2
    others: list[str] = []
    for k in range(i, min(i + _LONGEST_APPOSITION, len(words.raw))):
        low = words.low[k]
        if not words.is_word(k) or low in _VERBS or (low in _AFTER_HEAD and not others):
            return name_end
        head = low in PERSONS or low in BODIES
        ends = not words.is_word(k + 1) or words.at(k + 1) in _AFTER_HEAD
        if head and ends and not words.possessive[k]:
            mention.titles.append((low, frozenset(others) - COMMON))
            if low in PERSONS and mention.person != NO:
                mention.person = SURE
                mention.gender = mention.gender or PERSONS[low]
            elif mention.person == PERHAPS:
                mention.person = NO
            return k + 1
        if low in _AFTER_HEAD:
            break
        others.append(low)
    return name_end


def _description(words: Words, i: int, sentence: int) -> Mention | None:
    """The description whose head is word `i`; None where that is no head."""
    if words.capital(i + 1) and not words.possessive[i]:
        return None  # the title of a name
    low, following = words.low[i], words.at(i + 1)
    compound = following in PERSONS or following in BODIES or following.removesuffix("s") in PERSONS
    if compound and not words.possessive[i]:
        return None  # "the ministry officials"
    start, others = i, []
    while start > words.first and i - start < 5:
        word = words.low[start - 1]
        if (
            not words.is_word(start - 1)
            or word in COMMON
            or word in _VERBS
            or words.possessive[start - 1]
            or word in _OF
        ):
            break
        others.append(word)
        start -= 1
    end = i + 1
    if following == "of" or (following == "for" and low in PERSONS):
        k = i + 2 + (words.at(i + 2) == "the")
        run = _run_end(words, k) if words.capital(k) else 0
        whole = run and words.raw[run - 1].rpartition("-")[2][:1].isupper()  # not "Oslo-based"
        if whole and not words.possessive[run - 1]:
            others += [words.low[n] for n in range(k, run)]
            end = run  # "government of Calvera"
    mention = _mention(words, start, start, end, sentence)
    mention.titles = [(low, frozenset(others))]
    mention.gender = PERSONS.get(low, "")
    mention.person = NO if low not in PERSONS else PERHAPS if low in BODIES else SURE
    goes_on = following in ("of", "for", "who", "whose")
    mention.more = goes_on and not words.at(i + 2).endswith("ing")  # not "accused it of stealing"
    return mention


def _appose(words: Words, i: int, description: Mention, head: int, name: Mention) -> bool:
    """Joins a description to the name behind it, where they are one: "its head, Jana Bielik,"."""
    j = i + 1
    while j < len(words.raw) and words.starts[j] < name.end:
        j += 1
    if words.at(i - 1) != "," or len(name.name) < 2 or (name.titled and not description.given):
        return False
    # "With the mayor, Ann Lee said …" are two, "The mayor, Ann Lee said …" one
    verb = words.at(j) in SPEECH or words.at(j) in _BEFORE_VERB
    if not description.given or not (words.at(j) in _ENDS or (verb and description.leads)):
        return False
    between = range(head + 1, i - 1)
    if len(between) > 6 or any(
        not words.is_word(k) or words.low[k] in SPEECH or words.low[k] in _BEFORE_VERB
        for k in between
    ):
        return False
    if between and words.low[between[0]] not in _OF | {"at", "in"}:
        return False
    kind = description.titles[0][0]
    person = kind in PERSONS and (kind not in BODIES or name.person != NO)
    if person and name.person == NO:
        return False
    name.titles += description.titles
    name.gender = name.gender or description.gender
    name.person = SURE if person else NO
    name.subject, name.verb = name.subject or description.subject, name.verb or description.verb
    name.leads = name.leads or description.leads
    description.apposed = name
    return True
