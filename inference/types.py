"""What stancewire returns: a tagged sentence holds stances, a stance holds spans."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

STANCES = ("accuses", "denies", "warns")
NEUTRAL = "neutral"
LABELS = (*STANCES, NEUTRAL)
ROLES = ("source", "target", "claim")
PARTY_ROLES = ("source", "target")  # a claim is no party

# The token head has one channel for each (stance, role) pair. What is denied *is* the
# claim, so `denies` has no claim of its own: eight channels, in this order everywhere.
CHANNELS = tuple((s, r) for s in STANCES for r in ROLES if (s, r) != ("denies", "claim"))


@dataclass(frozen=True, slots=True)
class Resolved:
    """The fuller name that a source goes back to: `text == handed_in[start:end]`.

    `sentence` is the number, from 0, of the tagged sentence that it is in; `party` as in `Span`.
    """

    text: str
    start: int
    end: int
    sentence: int
    party: str | None = field(default=None, compare=False)

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text, "start": self.start, "end": self.end, "sentence": self.sentence,
            "party": self.party,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text that was handed in: `text == handed_in[start:end]`.

    `party` is the state or international body that a tagged source or target speaks for:
    an ISO 3166 alpha-3 code, or a body's short name; None for all others. It is derived
    from the text, so spans are equal without it. `resolved` is there in the source of a
    stance in an article, where it is a pronoun, a surname or a description ("the minister")
    and plainly goes back to a fuller name.
    """

    text: str
    start: int
    end: int
    party: str | None = field(default=None, compare=False)
    resolved: Resolved | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"text": self.text, "start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True)
class Stance:
    """One stance of a sentence: who takes it, towards whom or what, and about what.

    `score` is the model's probability (0 to 1) that the sentence carries the stance.
    A part that the sentence does not give is an empty tuple.
    """

    stance: str
    score: float
    source: tuple[Span, ...] = ()
    target: tuple[Span, ...] = ()
    claim: tuple[Span, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        spans = {role: [span.to_dict() for span in getattr(self, role)] for role in ROLES}
        for role in PARTY_ROLES:
            for span, told in zip(getattr(self, role), spans[role], strict=True):
                told["party"] = span.party
        for span, found in zip(self.source, spans["source"], strict=True):
            found["resolved"] = span.resolved.to_dict() if span.resolved else None
        return {"stance": self.stance, "score": round(self.score, 4), **spans}


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A sentence and what was found in it.

    `label` is the strongest stance over its threshold, else "neutral"; `score` is that
    label's entry in `scores`, which has all four. `stances` has every stance over its
    threshold, strongest first. `start` and `end` index the text that was handed in.
    """

    text: str
    start: int
    end: int
    label: str
    score: float
    scores: dict[str, float]
    stances: tuple[Stance, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The sentence as plain lists, strings and numbers, ready for `json.dumps`."""
        return {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "label": self.label,
            "score": round(self.score, 4),
            "scores": {label: round(score, 4) for label, score in self.scores.items()},
            "stances": [stance.to_dict() for stance in self.stances],
        }
