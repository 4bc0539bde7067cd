"""What the corpus holds, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from stancewire.labels import LabelledSentence
from stancewire.types import LABELS, NEUTRAL, STANCES

from . import SPLITS, group_of, split_of

# Kinds of neutral sentences; all but the last are hard news.
KINDS = (
    "force", "law", "sanctions", "demands", "protest", "diplomacy", "plans", "background",
)  # fmt: skip


@dataclass
class Stats:
    """Counts over labelled sentences; `cues` counts the cue words a stance, lower-cased."""

    sentences: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    several: int = 0
    in_manner: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    lookalikes: int = 0
    cues: dict[str, Counter[str]] = field(default_factory=lambda: {s: Counter() for s in STANCES})
    beats: Counter[str] = field(default_factory=Counter)
    registers: Counter[str] = field(default_factory=Counter)
    rounds: Counter[int] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    lower_case: int = 0
    words: list[int] = field(default_factory=list)


def count(sentences: Sequence[LabelledSentence]) -> Stats:
    """Counts what `stancewire seeds stats` prints and `seeds check` holds to."""
    stats = Stats(sentences=len(sentences))
    for sentence in sentences:
        more = sentence.more
        stats.labels.update(sentence.labels or {NEUTRAL})
        stats.several += len(sentence.stances) > 1
        stats.in_manner += "like" in more
        stats.lookalikes += bool(more.get("lookalike"))
        if not sentence.stances and "kind" in more:
            stats.kinds[more["kind"]] += 1
        for stance in sentence.stances:
            if stance.cue:
                stats.cues[stance.stance][stance.cue.lower()] += 1
        stats.beats[str(more.get("beat"))] += 1
        stats.registers[str(more.get("register"))] += 1
        stats.rounds[int(more.get("round", 0))] += 1
        stats.splits[split_of(group_of(sentence))] += 1
        stats.lower_case += sentence.text == sentence.text.lower()
        stats.words.append(len(sentence.text.split()))
    return stats


def tell(stats: Stats) -> str:
    """The counts in lines to read."""
    total = max(1, stats.sentences)
    words = stats.words or [0]
    lines = [
        f"{stats.sentences} sentences",
        "labels      " + _counts(stats.labels, LABELS),
        f"several     {stats.several} with two stances or more",
        f"in manner   {stats.in_manner} written in the manner of a real sentence",
        "neutral     " + _counts(stats.kinds, KINDS) + f"; {stats.lookalikes} look-alikes",
    ]
    for stance in STANCES:
        cues = stats.cues[stance]
        (top, often), *_ = cues.most_common(1) or [("-", 0)]
        share = often / max(1, sum(cues.values()))
        lines.append(
            f"{stance:<11} {len(cues)} distinct cues over {sum(cues.values())} marked, "
            f"the commonest {top!r} {share:.1%}"
        )
    (beat, often), *_ = stats.beats.most_common(1) or [("-", 0)]
    lines += [
        f"beats       {len(stats.beats)}, the largest {beat!r} {often / total:.1%}",
        "registers   " + ", ".join(f"{k} {v}" for k, v in stats.registers.most_common()),
        "rounds      " + ", ".join(f"{k}: {v}" for k, v in sorted(stats.rounds.items())),
        "splits      " + _counts(stats.splits, SPLITS),
        f"length      {sum(words) / total:.1f} words in the mean, "
        f"{sum(w > 40 for w in words) / total:.0%} over 40, "
        f"{sum(w < 12 for w in words) / total:.0%} under 12",
        f"lower case  {stats.lower_case / total:.0%}",
    ]
    return "\n".join(lines)


def table(sentences: Sequence[LabelledSentence]) -> str:
    """The counts that the data card shows, by split, round and register, in Markdown."""
    parts: dict[str, list[LabelledSentence]] = {"all": list(sentences)}
    for split in SPLITS:
        parts[split] = [one for one in sentences if split_of(group_of(one)) == split]
    for key, told in (("round", "round {}"), ("register", "{}")):
        for value, _ in sorted(Counter(one.more.get(key) for one in sentences).items()):
            parts[told.format(value)] = [one for one in sentences if one.more.get(key) == value]
    lines: list[tuple[str, ...]] = [
        ("", "sentences", *LABELS, "two stances or more", "spans"),
        ("---",) * 8,
    ]
    for name, found in parts.items():
        counted = count(found)
        spans = sum(len(s) for one in found for item in one.stances for s in item.spans.values())
        numbers = (len(found), *(counted.labels[x] for x in LABELS), counted.several, spans)
        lines.append((name, *(f"{number:,}" for number in numbers)))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _counts(counts: Counter[str], names: Sequence[str]) -> str:
    return ", ".join(f"{name} {counts[name]}" for name in names)
