"""One label out of several annotators': majority, conflicts, agreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from stancewire.labels import LabelledSentence, LabelledStance
from stancewire.types import CHANNELS, LABELS, NEUTRAL, ROLES, STANCES, Span
from stancewire.words import trim

from .tasks import Reading

Place = tuple[int, int]


@dataclass(frozen=True)
class Conflict:
    """What annotators of a sentence differ in without a majority.

    `readings` are all of them; `about` names the stance or the part. Where that is a part
    alone, the sentence is among the merged ones, with the part as not annotated.
    """

    text: str
    about: str
    readings: tuple[Reading, ...]

    def __str__(self) -> str:
        told = ", ".join(f"{one.annotator} {_told(one, self.about)}" for one in self.readings)
        return f"{self.readings[0].sentence.where}: {self.about}: {told}: {self.text}"


@dataclass(frozen=True)
class Agreement:
    """How far annotators agree on the sentences that two or more of them read.

    `alpha` is Krippendorff's for each label, on whether a sentence carries it; None where
    nobody or everybody gave it to every sentence. `spans` is, for each part, the exact F1
    of one annotator's (stance, span) pairs against another's, over all pairs of
    annotators; None where nobody marked any.
    """

    sentences: int
    alpha: dict[str, float | None]
    spans: dict[str, float | None]


@dataclass(frozen=True)
class Merged:
    """The sentences decided, what is not, and the agreement.

    `undecided` are texts without a majority on some stance; they are not in `sentences`.
    `outvoted` counts the sentences on which annotators differ and a majority decided.
    """

    sentences: list[LabelledSentence]
    conflicts: list[Conflict]
    undecided: dict[str, tuple[Reading, ...]]
    agreement: Agreement
    outvoted: int


def merge(readings: Iterable[Reading]) -> Merged:
    """What more than half of a sentence's annotators say, for every sentence.

    A stance needs the votes of more than half; a tie leaves the sentence undecided. A span
    needs those of more than half of the annotators who marked its stance, leading articles
    and outer marks aside; where as many mark the place and none of their spans has enough,
    the part is taken as not annotated. An annotator who labelled a sentence twice, differently,
    has no vote on it. All readings of a sentence that several read go
    with it, in its field `readings`.
    """
    texts: dict[str, list[Reading]] = {}
    for one in readings:
        texts.setdefault(one.sentence.text, []).append(one)
    sentences: list[LabelledSentence] = []
    conflicts: list[Conflict] = []
    undecided: dict[str, tuple[Reading, ...]] = {}
    outvoted = 0
    for text, group in texts.items():
        voters, changed = _voters(group)
        conflicts += [Conflict(text, "labelled twice", found) for found in changed]
        ties = _ties(voters)
        if ties or not voters:
            undecided[text] = tuple(group)
            conflicts += [Conflict(text, stance, tuple(voters)) for stance in ties]
            continue
        sentence, open_parts = _decide(voters)
        sentences.append(sentence)
        conflicts += [Conflict(text, part, tuple(voters)) for part in open_parts]
        outvoted += not open_parts and len({_marks(one) for one in voters}) > 1
    return Merged(sentences, conflicts, undecided, agreement(texts.values()), outvoted)


def conflict_rows(merged: Merged) -> list[dict[str, Any]]:
    """The undecided sentences, each with all its readings, for somebody else to label."""
    return [
        {
            "id": readings[0].sentence.id,
            "text": text,
            "guess": None,
            **readings[0].sentence.more,
            "readings": [_row(one) for one in readings],
        }
        for text, readings in merged.undecided.items()
    ]


def _row(one: Reading) -> dict[str, Any]:
    return {"annotator": one.annotator, "stances": one.sentence.to_dict()["stances"]}


def _voters(group: Sequence[Reading]) -> tuple[list[Reading], list[tuple[Reading, ...]]]:
    """One reading for each annotator, and the readings of those who differ with themselves."""
    people: dict[str, list[Reading]] = {}
    for one in group:
        people.setdefault(one.annotator, []).append(one)
    changed = [tuple(own) for own in people.values() if len({_marks(one) for one in own}) > 1]
    voters = [own[0] for own in people.values() if tuple(own) not in changed]
    return voters, changed


def _ties(voters: Sequence[Reading]) -> list[str]:
    votes = Counter(stance for one in voters for stance in one.sentence.labels)
    return [stance for stance in STANCES if 0 < votes[stance] * 2 == len(voters)]


def _decide(voters: Sequence[Reading]) -> tuple[LabelledSentence, list[str]]:
    """The sentence as most of its annotators read it, and the parts they leave open."""
    first = voters[0].sentence
    more = {**first.more, "annotators": [one.annotator for one in voters]}
    if len(voters) == 1:
        return LabelledSentence(first.text, first.stances, first.id, first.where, more), []
    more["readings"] = [_row(one) for one in voters]
    stances, open_parts = [], []
    for stance in STANCES:
        having = [one for one in voters if stance in one.sentence.labels]
        if len(having) * 2 <= len(voters):
            continue
        spans: dict[str, tuple[Span, ...]] = {}
        for role in ROLES:
            marked = [found for one in having if (found := _places(one, stance, role)) is not None]
            if not marked or (stance, role) not in CHANNELS:
                continue
            kept = _majority(marked)
            if kept is None:
                open_parts.append(f"{stance} {role}")
            else:
                spans[role] = tuple(Span(first.text[a:b], a, b) for a, b in kept)
        cues = [s.cue for one in having for s in one.sentence.stances if s.stance == stance]
        stances.append(LabelledStance(stance, spans, next(filter(None, cues), "")))
    return LabelledSentence(first.text, tuple(stances), first.id, first.where, more), open_parts


def _places(one: Reading, stance: str, role: str) -> set[Place] | None:
    """Where an annotator marked a part, as the guide trims it; None where nobody asked."""
    marked = [s.spans[role] for s in one.sentence.stances if s.stance == stance and role in s.spans]
    if not marked:
        return None
    return {_trimmed(one.sentence.text, span) for spans in marked for span in spans}


def _trimmed(text: str, span: Span) -> Place:
    start, end = trim(text, span.start, span.end)
    return (start, end) if start < end else (span.start, span.end)


def _majority(marked: Sequence[set[Place]]) -> list[Place] | None:
    """The spans that more than half marked; None where they agree on a place but on no span."""
    votes = Counter(place for found in marked for place in found)
    kept = sorted(place for place, often in votes.items() if often * 2 > len(marked))
    for place in votes:
        there = sum(any(_overlap(place, other) for other in found) for found in marked)
        if there * 2 >= len(marked) and not any(_overlap(place, other) for other in kept):
            return None
    return kept


def _overlap(one: Place, two: Place) -> bool:
    return one[0] < two[1] and two[0] < one[1]


def agreement(groups: Iterable[Sequence[Reading]]) -> Agreement:
    """The agreement of the annotators of each group of readings of one sentence."""
    shared = [voters for group in groups if len(voters := _voters(group)[0]) > 1]
    alpha = {
        label: krippendorff_alpha(
            [[label in (one.sentence.labels or {NEUTRAL}) for one in voters] for voters in shared]
        )
        for label in LABELS
    }
    spans: dict[str, float | None] = {}
    for role in ROLES:
        hits = total = 0
        for voters in shared:
            for pair in combinations(voters, 2):
                for stance in STANCES:
                    one, two = (_places(voter, stance, role) for voter in pair)
                    given = [stance in voter.sentence.labels for voter in pair]
                    if (given[0] and one is None) or (given[1] and two is None):
                        continue  # a stance whose parts somebody was not asked for
                    hits += 2 * len((one or set()) & (two or set()))
                    total += len(one or ()) + len(two or ())
        spans[role] = hits / total if total else None
    return Agreement(len(shared), alpha, spans)


def krippendorff_alpha(units: Iterable[Sequence[Hashable]]) -> float | None:
    """Krippendorff's alpha for nominal values: 1 is full agreement, 0 what chance gives.

    A unit holds the values that its annotators gave it, who may be others and more or fewer
    for each unit; units with one value do not count. None where all values are the same,
    which leaves chance nothing to tell. Krippendorff 2011, "Computing Krippendorff's
    alpha-reliability".
    """
    paired = [Counter(unit) for unit in units if len(unit) > 1]
    totals: Counter[Hashable] = sum(paired, Counter())
    count = totals.total()
    by_chance = count * count - sum(often * often for often in totals.values())
    if not by_chance:
        return None
    apart = sum(
        (unit.total() ** 2 - sum(often * often for often in unit.values())) / (unit.total() - 1)
        for unit in paired
    )
    return float(1 - (count - 1) * apart / by_chance)


def _marks(one: Reading) -> frozenset[tuple[str, str, Place]]:
    """A reading in a form that two can be compared by."""
    bare = {(stance, "", (0, 0)) for stance in one.sentence.labels}
    return frozenset(bare) | {
        (item.stance, role, _trimmed(one.sentence.text, span))
        for item in one.sentence.stances
        for role, spans in item.spans.items()
        for span in spans
    }


def _told(one: Reading, about: str) -> str:
    """What a reading says of a stance or part, in words."""
    stance, _, role = about.partition(" ")
    if stance not in STANCES:
        return ", ".join(sorted(one.sentence.labels)) or NEUTRAL
    if not role:
        return "yes" if stance in one.sentence.labels else "no"
    places = _places(one, stance, role)
    return ", ".join(repr(one.sentence.text[a:b]) for a, b in sorted(places or ())) or "none"
