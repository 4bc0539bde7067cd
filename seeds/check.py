"""Checks on labelled data, and those that only the seed corpus must pass."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from stancewire.labels import LabelledSentence, read_labelled
from stancewire.types import LABELS, NEUTRAL

from . import FOLDER, group_of, split_of, stats

REGISTERS = ("wire", "broadsheet", "broadcast", "local", "headline", "translated", "analysis")

# Two sentences are near duplicates where they share at least this part of all their runs
# of three words.
NEAR = 0.5
# No opening of four words and no run of five words outside names more often than this.
OFTEN = 12
# No sentence shares a run of so many words with real news that must stay out.
LEAK = 8

# What the corpus holds at least: sentences by label, by kind, and of other sorts.
LEAST_LABELS = {"accuses": 2_200, "denies": 1_500, "warns": 1_900, "neutral": 5_000}
LEAST = {"sentences": 10_000, "in_manner": 3_000, "several": 850, "lookalikes": 1_500}
LEAST_KIND = 312  # an eighth of 2,500
LEAST_CUES = 150
LARGEST_CUE = 0.08
LEAST_BEATS = 80
LARGEST_BEAT = 0.03

Words = tuple[str, ...]


def problems(files: Sequence[Path], as_corpus: bool = False) -> list[str]:
    """Everything that is wrong with labelled files, each with file and line.

    With `as_corpus`, sentences must also carry what the seeds promise, be unlike each
    other, and share nothing with the real news beside the project where it is there.
    """
    found: list[str] = []
    sentences = read_labelled(*files, problems=found)
    if as_corpus:
        ids: dict[str, str] = {}
        for sentence in sentences:
            found += _fields(sentence, ids)
        found += near_duplicates(sentences)
        found += worn_phrases(sentences)
        found += split_list(sentences)
        found += shortfalls(stats.count(sentences))
        shared = FOLDER.parent.parent / "shared"
        found += leaks(sentences, [shared / name for name in ("eval", "articles", "style", "real")])
    return found


def _fields(sentence: LabelledSentence, ids: dict[str, str]) -> Iterator[str]:
    more = sentence.more
    if not sentence.id:
        yield f"{sentence.where}: has no id"
    elif ids.setdefault(sentence.id, sentence.where) != sentence.where:
        yield (
            f"{sentence.where}: has the id {sentence.id!r} of {ids[sentence.id]}; "
            "give it one of its own"
        )
    if not more.get("beat"):
        yield f"{sentence.where}: has no beat"
    if more.get("register") not in REGISTERS:
        yield f"{sentence.where}: register must be one of {', '.join(REGISTERS)}"
    if not isinstance(more.get("round"), int):
        yield f"{sentence.where}: has no round (a number)"
    if "kind" in more and (sentence.stances or str(more["kind"]) not in stats.KINDS):
        yield f"{sentence.where}: kind is for neutral sentences, one of {', '.join(stats.KINDS)}"
    if sentence.text != sentence.text.strip():
        yield f"{sentence.where}: has space around its text"
    for stance in sentence.stances:
        if stance.cue and stance.cue.lower() not in sentence.text.lower():
            yield f"{sentence.where}: cue {stance.cue!r} is not in the sentence"


def near_duplicates(sentences: Sequence[LabelledSentence]) -> Iterator[str]:
    """Sentences that share too many runs of three words with an earlier one."""
    for i, j in near_pairs([sentence.text for sentence in sentences]):
        yield f"{sentences[i].where}: is nearly the sentence at {sentences[j].where}"


def near_pairs(texts: Sequence[str], since: int = 0) -> Iterator[tuple[int, int]]:
    """Indices of each pair of near duplicates, the later one first, which is `since` or later.

    Only the rarest runs of each text are looked up: two texts that share enough have one of
    them in common. Chaudhuri, Ganti and Kaushik 2006, "A primitive operator for similarity
    joins in data cleaning".
    """
    runs = [set(_runs(_words(text), 3)) for text in texts]
    often = Counter(run for mine in runs for run in mine)
    seen: dict[Words, list[int]] = defaultdict(list)
    for i, mine in enumerate(runs):
        rarest = sorted(mine, key=lambda run: (often[run], run))
        rarest = rarest[: len(mine) - math.ceil(NEAR * len(mine)) + 1]
        if i >= since:
            for j in sorted({j for run in rarest for j in seen[run]}):
                if len(mine & runs[j]) >= NEAR * len(mine | runs[j]):
                    yield i, j
        for run in rarest:
            seen[run].append(i)


def worn_phrases(sentences: Sequence[LabelledSentence]) -> Iterator[str]:
    """Openings of four words and runs of five words that come back too often.

    A run that holds two capitals behind its first word is a name and does not count.
    """
    openings: Counter[Words] = Counter()
    phrases: Counter[Words] = Counter()
    for sentence in sentences:
        written = re.findall(r"\w+", sentence.text)
        openings[tuple(word.lower() for word in written[:4])] += len(written) >= 4
        phrases.update(
            tuple(word.lower() for word in run)
            for run in set(_runs(written, 5))
            if sum(word[0].isupper() for word in run[1:]) < 2
        )
    for phrase, often in [*openings.items(), *phrases.items()]:
        if often > OFTEN:
            yield f"{' '.join(phrase)!r} comes {often} times, {OFTEN} at most"


def split_list(sentences: Sequence[LabelledSentence]) -> Iterator[str]:
    """Whether `splits.csv` lists every group with the split that its name gives."""
    with (FOLDER / "splits.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["group"]: row["split"] for row in csv.DictReader(file)}
    expected = {group: split_of(group) for group in map(group_of, sentences)}
    if listed != expected:
        odd = sorted(set(listed.items()) ^ set(expected.items()))
        yield (
            f"splits.csv: {len(odd)} groups differ from the corpus, the first {odd[0]}; "
            "run: stancewire seeds split"
        )


def write_split_list(sentences: Sequence[LabelledSentence]) -> None:
    """Writes `splits.csv` anew, after sentences were added."""
    groups = sorted({group_of(sentence) for sentence in sentences})
    with (FOLDER / "splits.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("group", "split"))
        writer.writerows((group, split_of(group)) for group in groups)


def leaks(sentences: Sequence[LabelledSentence], folders: Sequence[Path]) -> Iterator[str]:
    """Sentences that share a run of words with files in `folders`, where those exist.

    A run of which half are capitals is the name of a body and does not count.
    """
    known: dict[Words, str] = {}
    for folder in folders:
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            words = _words(path.read_text(encoding="utf-8", errors="replace"))
            known.update(dict.fromkeys(_runs(words, LEAK), path.name))
    for sentence in sentences:
        for written in _runs(re.findall(r"\w+", sentence.text), LEAK):
            run = tuple(word.lower() for word in written)
            if run in known and sum(word[0].isupper() for word in written) < LEAK / 2:
                yield f"{sentence.where}: shares {' '.join(run)!r} with {known[run]}"
                break


def shortfalls(counted: stats.Stats) -> Iterator[str]:
    """Where the corpus holds less, or more of one thing, than it promises."""
    told = {name: getattr(counted, name) for name in LEAST}
    wanted = {**LEAST, **LEAST_LABELS, **dict.fromkeys(stats.KINDS, LEAST_KIND)}
    for name, have in {**told, **counted.labels, **counted.kinds}.items():
        if have < wanted[name]:
            yield f"the corpus holds {have} {name}, {wanted[name]} at least"
    for name in wanted.keys() - told.keys() - counted.labels.keys() - counted.kinds.keys():
        yield f"the corpus holds no {name}, {wanted[name]} at least"
    every = Counter[str]()
    for stance, cues in counted.cues.items():
        every.update(cues)
        for cue, often in cues.items():
            if often > LARGEST_CUE * cues.total():
                yield f"{cue!r} is {often} of the {cues.total()} cues of {stance}"
    if len(every) < LEAST_CUES:
        yield f"the corpus holds {len(every)} distinct cues, {LEAST_CUES} at least"
    if len(counted.beats) < LEAST_BEATS:
        yield f"the corpus holds {len(counted.beats)} beats, {LEAST_BEATS} at least"
    for beat, often in counted.beats.items():
        if often > LARGEST_BEAT * counted.sentences:
            yield f"the beat {beat!r} is {often} of {counted.sentences} sentences"


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _runs(words: Sequence[str], length: int) -> Iterator[Words]:
    return zip(*(words[i:] for i in range(length)), strict=False)


def summary(files: Sequence[Path]) -> str:
    """How many sentences there are, by label."""
    sentences = read_labelled(*files)
    counted = Counter(label for s in sentences for label in (s.labels or {NEUTRAL}))
    labels = ", ".join(f"{label} {counted[label]}" for label in LABELS)
    return f"{len(sentences)} labelled sentences, no problem found ({labels})"
