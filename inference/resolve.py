"""Who "he", "Okafor" and "the minister" are: the fuller name that a source goes back to.

Rules in the order of their precision, each with what those before it have settled, as in the
sieve of Raghunathan et al. (2010, "A multi-pass sieve for coreference resolution"):

1. names that agree in their first and last word are one person's;
2. apposition: "The company, Caspian Trunk Pipelines,";
3. a surname, with or without a title, is that of the one person before it who has it;
4. "the trade minister" is the one person before it who was called a minister, of trade
   among other things; "the union" the one body with that word in its name;
5. "he" and "she" are the one person of that gender in the nearest sentence that has any; of
   several its subject, as Hobbs (1978, "Resolving pronoun references") and Lappin and Leass
   (1994, "An algorithm for pronominal anaphora resolution") prefer it;
6. "it" and "they" are what the sentence before begins with;
7. "I" and "we" in a quotation are whoever is quoted.

Precision comes first: where two fit, nobody is named. Names are found by rule (`mentions`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from .actors import Actor, Holders, Names, fullest, is_new
from .mentions import NO, PERHAPS, SURE, Mention, Read, read_mentions
from .parties import party
from .roles import BLAMES, DENIALS, PLACES, same_kind, word_set
from .types import Resolved

Bounds = tuple[int, int]

# So many sentences back a pronoun looks, those of nothing but quotation aside.
_REACH = 3
# So many mentions ahead, for the name that comes after its pronoun.
_AHEAD = 8
# Parts in a sentence: mentioned, subject of some clause, or one who says something.
_MENTIONED, _SUBJECT, _SPEAKER = range(3)
_FIRST_PERSON = frozenset(("i", "we", "me", "us"))
_OWNERS = frozenset(("his", "her"))
_BEFORE_OWN = word_set("in of for on by from at that with and")
_AFTER_QUOTATION = word_set(', ” " ’ »')
_PLACE = word_set("across around at from in into near of off outside through to toward towards")
_SUBORDINATE = word_set("after before when while as although though if since")
# A body whose kind is not told may be called so.
_ANY_BODY = same_kind("company") | same_kind("group")
_DETERMINER = re.compile(r"(?:the|its|his|her|their|this|that)?\s*", re.IGNORECASE)
_PLURAL = re.compile(r"(?:\w*[^\Ws]s|police|people)(?=$|\s+(?:of|in|at|from|for|on|near)\s)", re.I)
_BEGINNING = re.compile(r"(?:^|[.!?”\"]\s+|\n\s*|,\s+)(?:the\s+)?$", re.IGNORECASE)


@dataclass(slots=True)
class _Scene:
    """Who is in a sentence outside quotations, each with their part in it."""

    persons: dict[Actor, int] = field(default_factory=dict)
    bodies: dict[Actor, int] = field(default_factory=dict)
    accused: Actor | None = None
    leader: Actor | None = None  # whom the sentence begins with
    led: bool = False  # even if nobody can tell whom
    blames: bool = False
    several: Mention | None = None  # a source of several that it begins with, and no other

    def has(self, actor: Actor) -> bool:
        return actor in self.persons or actor in self.bodies


def resolve(
    text: str, sentences: Sequence[Bounds], sources: Sequence[Bounds]
) -> list[Resolved | None]:
    """For each source, the fuller name that it goes back to, or None.

    `sentences` are the (start, end) of the article's sentences in `text`, in order, and
    `sources` those of the spans to resolve, in any order. None where a source is a full name
    already, where more than one fits, and in text without capitals. Takes time linear in
    the text.
    """
    if not sources:
        return []
    starts = [start for start, _ in sentences]
    of_sentence: dict[int, list[Bounds]] = defaultdict(list)
    for source in sorted(set(sources)):
        of_sentence[bisect_right(starts, source[0]) - 1].append(source)
    read = read_mentions(text, sentences)
    walk = _Walk(text, Names(read))
    answers: dict[Bounds, Mention] = {}
    for number, sentence in enumerate(read):
        answers.update(walk.through(number, sentence, of_sentence.get(number, [])))
    return [_resolved(text, answers.get(source), of_sentence) for source in sources]


def _resolved(
    text: str, mention: Mention | None, sources: dict[int, list[Bounds]]
) -> Resolved | None:
    if mention is None:
        return None
    start, end = mention.start, mention.end
    for first, last in sources.get(mention.sentence, ()):
        # the model's bounds are better where a source goes further than the rules see
        if (first <= start and last == end) or (first == start and last >= end):
            start, end = first, last
    found = text[start:end]
    # "he" is hardly better explained by "senior officer", nor "the company" by "mining company"
    head = mention.titles[0][0] if mention.titles else ""
    name_like = mention.given == "the" and mention.person == NO and " " in found
    poor = found.islower() and (not name_like or head in _ANY_BODY)
    if poor and mention.titles and not mention.name:
        return None
    return Resolved(found, start, end, mention.sentence, party(found))


class _Walk:
    """One pass through an article, with who was mentioned so far."""

    def __init__(self, text: str, names: Names) -> None:
        self._text = text
        self._names = names
        self._holders = Holders()
        self._scenes: deque[_Scene] = deque(maxlen=_REACH)  # of the sentences before, latest first
        self._voice: Actor | None = None  # who is being quoted
        self._states: dict[str, Actor] = {}  # countries and the like, by their one word

    def through(
        self, number: int, sentence: Read, sources: Sequence[Bounds]
    ) -> dict[Bounds, Mention]:
        """Settles who is who in the next sentence; the full mentions behind its sources."""
        scene = _Scene(blames=sentence.blames)
        who: dict[Mention, Actor] = {}
        speakers: set[Actor | None] = set()
        for i, mention in enumerate(sentence.mentions):
            if mention.pronoun in _FIRST_PERSON:
                continue
            if mention.pronoun in _OWNERS:
                _learn(mention, scene)
                continue
            actor = self._actor(mention, scene, islice(sentence.mentions, i + 1, i + 1 + _AHEAD))
            if actor is not None:
                who[mention] = actor
            if not mention.quoted:
                if mention.verb:
                    speakers.add(actor)
                # somebody is meant by a surname that two have
                bearers = actor is None and bool(mention.name) and self._names.borne(mention.name)
                _enter(mention, actor, scene, bearers)
        self._listen(sentence, speakers)
        for mention in sentence.mentions:
            first_person = mention.pronoun in _FIRST_PERSON and mention.quoted
            if first_person and not mention.nested and self._voice is not None:
                who[mention] = self._voice
        answers: dict[Bounds, Mention] = {}
        for source in sources:
            found = self._answer(source, sentence.mentions, who)
            if found is not None:
                answers[source] = found
        scene.several = self._several(number, sources)
        if not sentence.only_quotes:
            self._scenes.appendleft(scene)
        return answers

    def _actor(self, mention: Mention, scene: _Scene, later: Iterable[Mention]) -> Actor | None:
        if mention.pronoun in ("he", "she"):
            return self._person(mention, scene, later)
        if mention.pronoun == "it":
            return self._body(mention, scene)
        if mention.pronoun:
            return self._group(mention)
        if mention.name:
            return self._named(mention)
        return self._described(mention)

    def _named(self, mention: Mention) -> Actor | None:
        actor = self._names.of.get(mention)
        if actor is None or actor.short:
            actor = self._names.short(mention)
        if actor is None:
            return self._state(mention)
        if actor.person == NO:
            actor = self._holders.same(actor)
        self._holders.add(actor)
        return actor

    def _state(self, mention: Mention) -> Actor | None:
        """The country or body of a name of one word, where it is surely no person's."""
        word = mention.name[0]
        known = word in PLACES or word in self._names.places or mention.given == "the"
        if not known or mention.person == SURE:
            return None
        return self._states.setdefault(word, Actor(mention.start, [mention], person=NO))

    def _described(self, mention: Mention) -> Actor | None:
        if mention.apposed is not None:
            if not is_new(mention):
                self._holders.replace(mention)
            return self._named(mention.apposed)
        (head, others), *_ = mention.titles
        if not is_new(mention) and not mention.more:
            fitting = self._holders.fitting(head, others)
            if len(fitting) > 1:
                fitting = [a for a in fitting if self._scenes and self._scenes[0].has(a)]
                return fitting[0] if len(fitting) == 1 else None
            if fitting:
                return fitting[0]
            if not others:
                return self._last_body() if mention.leads and head in _ANY_BODY else None
        if mention.headline or not mention.given:
            return None
        full = [mention] if others or mention.more else []
        actor = Actor(mention.start, full, list(mention.titles), mention.gender, mention.person)
        self._holders.add(actor)
        return actor

    def _last_body(self) -> Actor | None:
        """The body that the sentence before begins with, where nothing tells its kind."""
        leader = self._scenes[0].leader if self._scenes else None
        if leader is None or leader.person != NO or leader.titles or len(leader.full[0].name) < 2:
            return None
        return leader

    def _person(self, mention: Mention, scene: _Scene, later: Iterable[Mention]) -> Actor | None:
        """Who "he" or "she" is, outside quotations."""
        if mention.quoted:
            return None
        ahead = self._ahead(mention, later)
        behind = self._behind(mention, scene)
        if ahead is not None and behind is not None and ahead is not behind:
            return None
        found = ahead or behind
        if found is not None:
            found.gender = mention.gender
        return found

    def _ahead(self, mention: Mention, later: Iterable[Mention]) -> Actor | None:
        """The subject of the main clause: "After he had denied it, Serikbay flew home"."""
        if mention.after not in _SUBORDINATE:
            return None
        name = next((m for m in later if m.name and m.after == "," and not m.quoted), None)
        actor = self._named(name) if name is not None else None
        return actor if actor and actor.person == SURE and actor.may_be(mention.gender) else None

    def _behind(self, mention: Mention, scene: _Scene) -> Actor | None:
        attributes = mention.closes and mention.after in _AFTER_QUOTATION
        here = {} if attributes else _fitting(scene, mention)  # "…, he said": who spoke before
        if here:
            joined = bool(mention.verb) and mention.after in ("and", "but")
            found = _choice(here, mention) if joined else _only(here)
            return found if found is not None and found.person == SURE else None
        for back, past in enumerate(self._scenes):
            there = _fitting(past, mention)
            if not there:
                continue
            denies = past.blames and mention.verb in DENIALS
            if denies and past.accused in there:
                return past.accused
            if denies and len(there) > 1:
                return None  # the accuser, or somebody else?
            found = _choice(there, mention)
            if found is None:
                return None
            before = {
                actor: part
                for i, earlier in enumerate(self._scenes)
                for actor, part in _fitting(earlier, mention).items()
                if i > back and actor is not found
            }
            if not there[found] and any(before.values()):
                return None  # that subject may have gone on speaking
            # a name that nothing says is a person's
            sure = found.person == SURE or not any(a.person == SURE for a in before)
            return found if sure else None
        return None

    def _body(self, mention: Mention, scene: _Scene) -> Actor | None:
        """What "it" is that says something: a body or country."""
        if mention.quoted or not mention.verb:
            return None
        if scene.bodies or scene.persons:
            return None if scene.persons else _only({a: p for a, p in scene.bodies.items() if p})
        past = self._scenes[0] if self._scenes else _Scene()
        if past.accused is not None and mention.verb in DENIALS:
            return past.accused if past.accused.person != SURE else None
        leader = past.leader
        if leader is None or leader.person == SURE or not leader.full:
            return None
        if any(part and a.person == SURE for a, part in past.persons.items()):
            return None
        if leader.person == PERHAPS and len(leader.full[0].name) < 2:
            return None
        return None if past.blames and mention.verb in DENIALS else leader

    def _group(self, mention: Mention) -> Actor | None:
        """Who "they" are that begin a sentence: the several that the one before begins with."""
        several = self._scenes[0].several if self._scenes else None
        if several is None or not mention.leads or mention.quoted:
            return None
        return Actor(several.start, [several], person=NO)

    def _several(self, number: int, sources: Sequence[Bounds]) -> Mention | None:
        """The source that a clause begins with, where it is of several and the only one."""
        if len(sources) != 1:
            return None
        start, end = sources[0]
        source = self._text[start:end]
        if source == "They" and self._scenes:
            return self._scenes[0].several
        begins = _BEGINNING.search(self._text[max(0, start - 8) : start]) is not None
        if begins and " and " not in source and _PLURAL.search(source):
            return Mention(start, end, number)
        return None

    def _listen(self, sentence: Read, speakers: set[Actor | None]) -> None:
        """Notes whose words a quotation is, here and in the sentences of quotation that follow."""
        if speakers:
            self._voice = next(iter(speakers)) if len(speakers) == 1 else None
        elif not sentence.only_quotes:
            self._voice = None

    def _answer(
        self, source: Bounds, mentions: Sequence[Mention], who: dict[Mention, Actor]
    ) -> Mention | None:
        """The full mention behind a source, where it says more than the source."""
        mention = next((m for m in mentions if self._is(source, m)), None)
        actor = who.get(mention) if mention is not None else None
        if mention is None or actor is None:
            return None
        found = fullest(actor, mention)
        if found is None or mention.pronoun:
            return found
        if mention.name:
            # a name that begins with the given name is full
            short = len(mention.name) < 2 or found.name[0] != mention.name[0]
            longer = len(found.name) > len(mention.name)
            more = (short and longer) or (short and found.titled and not mention.titled)
        else:
            more = bool(found.name) or len(found.titles[0][1]) > len(mention.titles[0][1])
        return found if more else None

    def _is(self, source: Bounds, mention: Mention) -> bool:
        """Whether a source is a mention that may stand for a fuller one."""
        start, end = source
        if mention.end != end:
            return False
        if mention.pronoun or mention.name:
            return mention.start <= start if mention.name else mention.start == start
        return start == mention.start or (
            start < mention.start
            and _DETERMINER.fullmatch(self._text, start, mention.start) is not None
        )


def _enter(mention: Mention, actor: Actor | None, scene: _Scene, person: bool) -> None:
    """Puts who is mentioned into the scene; a person whom nobody can tell counts as one more."""
    part = _SPEAKER if mention.verb else _SUBJECT if mention.subject else _MENTIONED
    if actor is None:
        if mention.name:
            person = person or bool(mention.verb) or mention.person == SURE
        else:
            person = mention.pronoun in ("he", "she") or bool(mention.given)
        if person and mention.person != NO:
            scene.persons[Actor(mention.start, gender=mention.gender)] = part
    elif actor.person == NO:
        scene.bodies[actor] = max(part, scene.bodies.get(actor, part))
    elif actor.person == SURE or part == _SPEAKER or not (mention.given or mention.after in _PLACE):
        scene.persons[actor] = max(part, scene.persons.get(actor, part))
    if mention.after in BLAMES and scene.accused is None:
        scene.accused = actor
    if not scene.led and (mention.leads or mention.verb):
        scene.leader, scene.led = actor, True


def _learn(mention: Mention, scene: _Scene) -> None:
    """Takes from "Musa Sanni wrote in his letter" that the only subject so far is a man."""
    actor = _only(scene.persons)
    if mention.quoted or mention.after not in _BEFORE_OWN or actor is None:
        return
    if scene.persons[actor] and actor.may_be(mention.gender) and actor.full:
        actor.gender, actor.person = mention.gender, SURE


def _fitting(scene: _Scene, mention: Mention) -> dict[Actor, int]:
    """The persons of a scene of a pronoun's gender; names in passing only where no person is."""
    found = {a: part for a, part in scene.persons.items() if a.may_be(mention.gender)}
    if any(actor.person == SURE for actor in found):
        found = {a: part for a, part in found.items() if part or a.person == SURE}
    return found


def _choice(persons: dict[Actor, int], mention: Mention) -> Actor | None:
    """The only one; else the only speaker, for a pronoun that speaks; else the only subject."""
    speakers = {a: part for a, part in persons.items() if part == _SPEAKER and mention.verb}
    subjects = {a: part for a, part in persons.items() if part >= _SUBJECT}
    return _only(persons) or _only(speakers) or _only(subjects)


def _only(persons: dict[Actor, int]) -> Actor | None:
    return next(iter(persons)) if len(persons) == 1 else None
