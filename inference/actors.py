"""The persons and bodies of an article: mentions put together by name, surname and title."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from .mentions import NO, PERHAPS, SURE, Mention, Read, Title
from .roles import COMMON, KIN, NEWCOMER, OTHER_HOLDER, PERSONS, PLACES, same_kind

# So many holders of a title are kept in mind, the latest.
_HOLDERS = 30
# So many full mentions and titles of one actor, and bearers of one name.
_MANY = 20


@dataclass(slots=True, eq=False)
class Actor:
    """A person or body, and where the article names or describes it in full."""

    first: int  # where it is first mentioned
    full: list[Mention] = field(default_factory=list)
    titles: list[Title] = field(default_factory=list)
    gender: str = ""
    person: int = PERHAPS
    speaks: bool = False
    short: bool = False  # the name is the end of somebody's longer one: "López Obrador"

    def takes(self, mention: Mention) -> None:
        """Learns what a mention says of it."""
        if len(self.titles) < _MANY:
            self.titles += [title for title in mention.titles if title not in self.titles]
        self.gender = self.gender or mention.gender
        self.speaks = self.speaks or bool(mention.verb)
        if SURE in (self.person, mention.person):
            self.person = SURE
        elif NO in (self.person, mention.person):
            self.person = NO

    def may_be(self, gender: str) -> bool:
        return not gender or self.gender in ("", gender)


class Names:
    """The actors of an article by their names.

    `of` holds the actor of each full name, and `by_surname` and `by_given` the persons that a
    shorter name may go back to.
    """

    def __init__(self, read: Sequence[Read]) -> None:
        self.of: dict[Mention, Actor] = {}
        self.by_surname: dict[tuple[str, ...], list[Actor]] = defaultdict(list)
        self.by_given: dict[str, list[Actor]] = defaultdict(list)
        known: dict[tuple[str, ...], Actor] = {}
        short: list[Mention] = []
        self.places: set[str] = set()
        for mention in (mention for sentence in read for mention in sentence.mentions):
            if len(mention.name) > 1 or (mention.person == NO and mention.titles):
                key = mention.name if mention.person == NO else (mention.name[0], mention.name[-1])
                if key not in known:
                    known[key] = Actor(mention.start, person=mention.person)
                self._join(known[key], mention)
            elif mention.name:
                short.append(mention)
                if mention.given == "in" and mention.person != SURE:
                    self.places.add(mention.name[0])
        ends = {mention.name[-k:] for mention in self.of for k in range(2, len(mention.name))}
        for actor in known.values():
            words = max((mention.name for mention in actor.full), key=len)
            if actor.person == NO or len(words) < 2:
                continue
            if actor.person == PERHAPS and not any(_like_a_person(full) for full in actor.full):
                continue
            if words in ends and not actor.titles:
                actor.short = True
                continue
            for k in range(1, min(len(words), 4)):
                self.by_surname[words[-k:]].append(actor)
            self.by_given[words[0]].append(actor)
        for mention in short:
            self._learn(mention)

    def _join(self, actor: Actor, mention: Mention) -> None:
        self.of[mention] = actor
        if len(actor.full) < _MANY:
            actor.full.append(mention)
        actor.takes(mention)

    def _learn(self, mention: Mention) -> None:
        """A short name with a title: says more of its only bearer, or is the fullest there is."""
        bearers = self.by_surname.get(mention.name, [])
        # "his brother Omar" is no name for him
        kin = not mention.titled and any(head in KIN for head, _ in mention.titles)
        new = mention.person == SURE and not kin and mention.name[0] not in self.by_given
        if not bearers and new:
            actor = Actor(mention.start, person=SURE)
            self.by_surname[mention.name].append(actor)
            self._join(actor, mention)
        elif len(bearers) == 1 and bearers[0].person != NO and _fits(bearers[0], mention):
            if mention.person == SURE or mention.verb:
                bearers[0].takes(mention)
            if mention.verb:  # states and firms are hardly ever called by their last word
                bearers[0].person = SURE

    def borne(self, name: tuple[str, ...]) -> bool:
        """Whether anybody has a surname."""
        return name in self.by_surname

    def short(self, mention: Mention) -> Actor | None:
        """Whom a surname means, with or without a title; None where it is not plain."""
        word = mention.name[0]
        bare = mention.person != SURE
        if bare and (mention.person == NO or word in PLACES or word in self.places):
            return None
        for bearers in (self.by_surname.get(mention.name), self.by_given.get(word)):
            if bearers and len(bearers) > _MANY:
                return None
            fitting = [actor for actor in bearers or () if _fits(actor, mention)]
            fitting = [actor for actor in fitting if actor.first < mention.start] or fitting
            if len(fitting) == 1 and (fitting[0].person == SURE or fitting[0].speaks):
                return fitting[0]
            if bearers:
                return None
        return None


def _like_a_person(mention: Mention) -> bool:
    """Whether a name without a title may begin with a given name: not "U.S. Nissan"."""
    return not mention.headline and not mention.acronym


def _fits(actor: Actor, mention: Mention) -> bool:
    """Whether the title and gender of a short name agree with what is known of a person."""
    if not actor.may_be(mention.gender):
        return False
    wanted = {head for head, _ in mention.titles if head in PERSONS}
    known = {head for head, _ in actor.titles}
    return not wanted or not known or any(not known.isdisjoint(same_kind(w)) for w in wanted)


class Holders:
    """Who has been called what so far: the latest holders of each title."""

    def __init__(self) -> None:
        self._of: dict[str, deque[Actor]] = defaultdict(lambda: deque(maxlen=_HOLDERS))

    def add(self, actor: Actor) -> None:
        """Enters an actor under its titles."""
        for head, _ in actor.titles:
            if actor not in self._of[head]:
                self._of[head].append(actor)

    def fitting(self, head: str, others: frozenset[str]) -> list[Actor]:
        """Those who can be meant by "the", `others` and `head`."""
        found: list[Actor] = []
        for name in same_kind(head):
            for actor in self._of.get(name, ()):
                named = any(full.name for full in actor.full)
                if actor not in found and any(
                    (title == head or (named and title in same_kind(head)))
                    and _may_mean(known, others, title in PERSONS)
                    for title, known in actor.titles
                ):
                    found.append(actor)
        return found

    def replace(self, described: Mention) -> None:
        """Takes out the one only described before, which an apposition now names."""
        for head, others in described.titles:
            fitting = [a for a in self.fitting(head, others) if not any(m.name for m in a.full)]
            if len(fitting) == 1:
                for holders in self._of.values():
                    if fitting[0] in holders:
                        holders.remove(fitting[0])

    def same(self, actor: Actor) -> Actor:
        """The body that is here already by a part of the name, or by a longer one; else itself.

        One that was only described so far ("the health ministry") gives way to the name.
        """
        words = _words(actor)
        for head in {head for head, _ in actor.titles} & words:
            holders = self._of[head]
            like = [
                other
                for other in holders
                if other is not actor
                and other.person == NO
                and len(other_words := _words(other)) > 1
                and (other_words <= words or words <= other_words)
            ]
            if len(like) == 1:
                if any(full.name for full in like[0].full):
                    return like[0]
                holders.remove(like[0])
        return actor


def _words(actor: Actor) -> frozenset[str]:
    """The words of a name or description but for small ones."""
    if actor.full and actor.full[0].name:
        return frozenset(actor.full[0].name) - COMMON
    return frozenset(word for head, others in actor.titles for word in (head, *others))


def _may_mean(known: frozenset[str], said: frozenset[str], person: bool) -> bool:
    if not said <= known:
        return False
    return not person or OTHER_HOLDER.isdisjoint(known - said)


def is_new(mention: Mention) -> bool:
    """Whether a description brings in somebody who was not there before."""
    return mention.given != "the" or any(not NEWCOMER.isdisjoint(o) for _, o in mention.titles)


def fullest(actor: Actor, mention: Mention) -> Mention | None:
    """The best of an actor's full mentions to explain a shorter one by.

    One in the body rather than in a headline, before rather than behind, with a title rather
    than without, a longer name rather than a shorter.
    """
    return max(
        (full for full in actor.full if full.end <= mention.start or full.start >= mention.end),
        key=lambda full: (
            not full.headline,
            full.start < mention.start,
            full.titled,
            len(full.name),
            -full.start,
        ),
        default=None,
    )
