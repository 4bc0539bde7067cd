"""What is learned from, what is held out to judge by, and what no run learns from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stancewire import seeds
from stancewire.labels import LabelledSentence, read_labelled
from stancewire.language import looks_english
from stancewire.seeds.check import near_pairs
from stancewire.types import LABELS, NEUTRAL

# Fewer new sentences than this say little about a model.
_FEW = 50
# A part of new sentences that may well be a few quotations in another language.
_FOREIGN = 0.05


class TrainingError(ValueError):
    """Training that cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Parts:
    """Labelled sentences by what they are for.

    `learn` holds a sentence as often as it is read in an epoch; `judge` decides thresholds
    and when to stop; `new` is the part of `judge` that is not of the seeds; `test` is the
    seeds' test split. `remarks` says what whoever labelled should know.
    """

    learn: list[LabelledSentence]
    judge: list[LabelledSentence]
    new: list[LabelledSentence]
    test: list[LabelledSentence]
    remarks: list[str]


def split(
    data: Sequence[str | Path],
    *,
    with_seeds: bool = True,
    weights: Mapping[str, int] | None = None,
    weight: int = 1,
    first: int | None = None,
    rehearse: int | None = None,
    overrule: bool = False,
    judge_new: bool = True,
) -> Parts:
    """Puts every sentence of the seeds and of `data` in its part.

    Of the seeds only the `first` sentences in the order of writing count, or all; of those
    to learn from, `rehearse` stay, the same ones every time, or all. A sentence of `data`
    counts `weight` times, or as often as `weights` says for its file (by name, with or
    without its ending). A fifth of `data` is held out, picked by the sentences themselves,
    and near duplicates stay together; what is nearly a seed of the development or test split
    is not learned either. With `judge_new` what is held out also decides thresholds; without
    it, and with seeds, the seeds' development split alone does. Where `data` and the seeds
    label a sentence in two ways, `overrule` takes the label in `data`.

    Spans that a tool moved are put right where that can be done in one way only, and the
    remarks say so. Raises LabelError for bad data; TrainingError where data and seeds
    contradict each other, a weight is for no file, or there is too little to learn or to
    judge by.
    """
    repaired: list[str] = []
    new = read_labelled(*data, repaired=repaired)
    often = _weights(data, weights or {}, weight)
    remarks = [*repaired, *_remarks(new)]
    corpus = seeds.load()[:first]
    part_of = {s.text: seeds.split_of(seeds.group_of(s)) for s in corpus}
    apart = [part != "train" for part in part_of.values()]
    held_out = dict(zip((s.text for s in new), _held_out(new, corpus, apart), strict=True))

    learn: list[LabelledSentence] = []
    judge: list[LabelledSentence] = []
    test: list[LabelledSentence] = []
    if with_seeds:
        known = {sentence.text: sentence for sentence in corpus}
        again = [sentence for sentence in new if sentence.text in known]
        clashes = {s.text: s for s in again if s.contradicts(known[s.text])}
        if clashes and not overrule:
            raise TrainingError(_contradicted(list(clashes.values()), known))
        if clashes:
            remarks.append(f"labelled otherwise than in the seeds: {len(clashes)}; "
                           "your labels count")  # fmt: skip
        if len(again) > len(clashes):
            remarks.append(f"in the seeds already: {len(again) - len(clashes)}")
        ours = {text for text in clashes if part_of[text] == "train"}  # learned in a seed's place
        new = [s for s in new if s.text not in known or s.text in ours]
        by_part = {"train": learn, "development": judge, "test": test}
        for sentence in corpus:
            if sentence.text not in ours:
                of_group = by_part[part_of[sentence.text]]
                of_group.append(clashes.get(sentence.text, sentence))
    if rehearse:
        learn = sorted(sorted(learn, key=digest)[:rehearse], key=lambda s: s.where)
    for sentence in new:
        if not held_out[sentence.text]:
            learn += [sentence] * often[sentence.where.rpartition(":")[0]]
    out = [sentence for sentence in new if held_out[sentence.text]]
    if judge_new or not judge:
        judge += out
    if not learn or not judge:
        raise TrainingError(
            f"too few sentences: {len(learn)} to learn from and {len(judge)} to judge by; "
            "a fifth of the sentences is held out, so hand in ten or more"
        )
    if data and len(out) * 5 < _FEW:
        remarks.append(
            f"held out of your sentences: {len(out)}, too few to tell whether the new model is "
            "better on them; label some two hundred"
        )
    if new and len(out) == len(new):
        remarks.append("all of your sentences are held out, as near duplicates of each other or "
                       "of the seeds' test split; none is learned")  # fmt: skip
    return Parts(learn, judge, out, test, remarks)


def _held_out(
    new: Sequence[LabelledSentence], corpus: Sequence[LabelledSentence], apart: Sequence[bool]
) -> Iterator[bool]:
    """For each new sentence whether it is held out; near duplicates share a side.

    Those of a seed go where the seed is, which is `apart` where no run learns from it. Of
    two groups or more, one at least is held out.
    """
    if not new:
        return
    texts = [s.text for s in corpus] + [s.text for s in new]
    root = list(range(len(texts)))

    def top(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for i, j in near_pairs(texts, since=len(corpus)):
        root[max(top(i), top(j))] = min(top(i), top(j))
    with_seeds: dict[int, bool] = {}  # whether any of a group's seeds is kept apart
    for i, kept in enumerate(apart):
        with_seeds[top(i)] = with_seeds.get(top(i), False) or kept
    digests: dict[int, bytes] = {}
    for i, sentence in enumerate(new, len(corpus)):
        group = top(i)
        digests[group] = min(digests.get(group, b"\xff" * 33), digest(sentence))
    alone = [group for group in digests if group not in with_seeds]
    least = min((digests[group] for group in alone), default=b"") if len(alone) > 1 else b""
    for i in range(len(corpus), len(texts)):
        group = top(i)
        fifth = digests[group][0] % 5 == 0 or digests[group] == least
        yield with_seeds.get(group, fifth)


def _remarks(new: Sequence[LabelledSentence]) -> Iterator[str]:
    """What looks odd in new sentences, without being wrong."""
    if not new:
        return
    labels = Counter(label for s in new for label in (s.labels or {NEUTRAL}))
    if len(labels) == 1:
        yield (
            f"all {len(new)} sentences are {next(iter(labels))}; a model that learns from one "
            "label gives it too often, so add some of the others"
        )
    elif not labels[NEUTRAL]:
        yield (
            "there is no neutral sentence; news is mostly neutral, so add some that look like a "
            "stance and are none"
        )
    counted = ", ".join(f"{labels[label]} {label}" for label in LABELS)
    if len(labels) > 1 and min(labels[label] for label in labels) * 50 < len(new):
        yield f"the labels are uneven: {counted}"
    foreign = [sentence for sentence in new if not looks_english(sentence.text)]
    if len(foreign) > max(1, _FOREIGN * len(new)):
        yield (
            f"{len(foreign)} sentences do not look English, the first at {foreign[0].where}; the "
            "encoder knows English only"
        )


def _contradicted(
    clashes: Sequence[LabelledSentence], known: Mapping[str, LabelledSentence]
) -> str:
    lines = [
        f"{s.where}: {s.told()} here, {known[s.text].told()} at {known[s.text].where}"
        for s in clashes[:20]
    ]
    more = [f"and {len(clashes) - 20} more"] if len(clashes) > 20 else []
    return "\n".join(
        [
            f"labelled differently in the seeds: {len(clashes)}; mend the labels, or let yours "
            "count (--overrule):",
            *lines,
            *more,
        ]
    )


def _weights(data: Sequence[str | Path], weights: Mapping[str, int], weight: int) -> dict[str, int]:
    """How often the sentences of each file count, by its path."""
    found = {str(Path(path)): weight for path in data}
    for name, often in weights.items():
        files = [path for path in found if name in (path, Path(path).name, Path(path).stem)]
        if not files:
            raise TrainingError(
                f"the weight {name}={often} is for no file of the data: {', '.join(found) or '-'}"
            )
        found.update(dict.fromkeys(files, often))
    return found


def digest(sentence: LabelledSentence) -> bytes:
    """Bytes that depend on the text alone."""
    return hashlib.sha256(sentence.text.encode("utf-8", "surrogatepass")).digest()
