"""A run as one page to look at: better or not, on what, and where it is still wrong."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment
from markupsafe import Markup
from stancewire.labels import LabelledSentence
from stancewire.types import LABELS, NEUTRAL, ROLES, STANCES, Span, TaggedSentence

from .calibrate import reliability
from .compare import Comparison
from .errors import KINDS, of_spans
from .plots import pyplot

_MOST = 20
_PARTS = ("precision", "recall", "f1")
TITLES = {"new": "your held-out sentences", "seeds": "the seeds' test split"}
_FIGURES = [
    ("macro-F1", "macro_f1"),
    *((label, f"{label}_f1") for label in LABELS),
    *((f"{role}, {kind}", f"{role}_{kind}_f1") for role in ROLES for kind in ("exact", "overlap")),
]


def write(
    path: Path,
    name: str,
    gold: Sequence[LabelledSentence],
    tagged: Sequence[TaggedSentence],
    figures: Mapping[str, Any],
    about: Mapping[str, Any],
    comparisons: Mapping[str, Comparison],
) -> None:
    """Writes a self-contained HTML page on a run.

    `gold` are the sentences held out and `tagged` what the new model makes of them;
    `figures` and `about` are those of the run (see `train.Outcome` and the model card).
    """
    flat = figures["held_out"]
    page = _template().render(
        name=name,
        comparisons=[_compared(TITLES[part], one) for part, one in comparisons.items()],
        remarks=figures["remarks"],
        held_out=len(gold),
        judged_new="new" in comparisons and comparisons["new"].gold[0] in gold,
        figures=[
            {"name": title, "cells": [flat[f"{key[:-3]}_{part}"] for part in _PARTS]}
            for title, key in _FIGURES[1:]
        ],
        curves=Markup(_curves(figures["log"])),
        labels=LABELS,
        confusion=list(_confusion(gold, tagged)),
        scores=Markup(_scores(gold, tagged)),
        kinds=KINDS,
        spans=of_spans(gold, tagged),
        worst=[_case(right, {"labelled": right, "given": guess}) for right, guess
               in itertools.islice(_worst(gold, tagged), _MOST)],
        made=list(_made(about)),
    )  # fmt: skip
    path.write_text(page, encoding="utf-8")


def _template() -> Any:
    page = Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    return Environment(autoescape=True, trim_blocks=True).from_string(page)


def _compared(title: str, one: Comparison) -> dict[str, Any]:
    rows = [{"name": name, "old": one.old[k], "new": one.new[k]} for name, k in _FIGURES]
    moved: dict[str, list[dict[str, Any]]] = {"Mended": [], "Broken": []}
    for right, before, after in zip(one.gold, one.before, one.after, strict=True):
        was, now = (_labels(t) == right.labels for t in (before, after))
        if was != now:
            case = _case(right, {"labelled": right, "old": before, "new": after})
            moved["Mended" if now else "Broken"].append(case)
    shown = [(kind, {"count": len(c), "shown": c[:_MOST]}) for kind, c in moved.items()]
    return {
        "title": title, "verdict": one.verdict, "line": one.tell().partition(": ")[2] + ".",
        "sentences": one.sentences, "rows": rows, "moved": shown,
    }  # fmt: skip


def _labels(tagged: TaggedSentence) -> frozenset[str]:
    return frozenset(stance.stance for stance in tagged.stances)


def _confusion(
    gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]
) -> Iterator[dict[str, Any]]:
    counts = {label: dict.fromkeys(LABELS, 0) for label in LABELS}
    for right, guess in zip(gold, tagged, strict=True):
        given = _labels(guess) or {NEUTRAL}
        for label in right.labels or {NEUTRAL}:
            counts[label][label if label in given else guess.label] += 1
    for place, (label, row) in enumerate(counts.items()):
        yield {"label": label, "place": place, "counts": list(row.values())}


def _worst(
    gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]
) -> Iterator[tuple[LabelledSentence, TaggedSentence]]:
    """The sentences with a wrong label, those first whose scores lie farthest off."""

    def off(pair: tuple[LabelledSentence, TaggedSentence]) -> float:
        right, guess = pair
        return max(abs(guess.scores[s] - (s in right.labels)) for s in STANCES)

    wrong = [p for p in zip(gold, tagged, strict=True) if p[0].labels != _labels(p[1])]
    yield from sorted(wrong, key=off, reverse=True)


def _case(
    right: LabelledSentence, readings: Mapping[str, LabelledSentence | TaggedSentence]
) -> dict[str, Any]:
    """A sentence with several readings, a line for each of their stances."""
    lines: list[dict[str, Any]] = []
    for text, reading in readings.items():
        for stance, score, spans in _stances(reading):
            pieces = list(_pieces(right.text, spans)) if spans else []
            lines.append({"text": text, "label": stance, "score": score, "pieces": pieces})
    if not any(line["pieces"] for line in lines):
        lines[0]["pieces"] = [{"text": right.text, "roles": ""}]
    return {"lines": lines, "where": right.where}


def _stances(
    reading: LabelledSentence | TaggedSentence,
) -> Iterator[tuple[str, float | None, list[tuple[Span, str]]]]:
    if isinstance(reading, TaggedSentence):
        for one in reading.stances:
            yield one.stance, one.score, [(s, role) for role in ROLES for s in getattr(one, role)]
        if not reading.stances:
            yield NEUTRAL, reading.scores[NEUTRAL], []
        return
    for marked in reading.stances:
        yield (
            marked.stance,
            None,
            [(s, role) for role, spans in marked.spans.items() for s in spans],
        )
    if not reading.stances:
        yield NEUTRAL, None, []


def _pieces(text: str, spans: Sequence[tuple[Span, str]]) -> Iterator[dict[str, str]]:
    """The text cut where a span begins or ends, each piece with the roles that it has."""
    cuts = sorted({0, len(text), *(place for s, _ in spans for place in (s.start, s.end))})
    for start, end in itertools.pairwise(cuts):
        roles = [role for s, role in spans if s.start <= start and end <= s.end]
        yield {
            "text": text[start:end],
            "roles": ", ".join(roles),
            "css": roles[0] if len(set(roles)) == 1 else "several",
        }


def _curves(log: Sequence[Mapping[str, Any]]) -> str:
    drawn, (left, right) = pyplot().subplots(1, 2, figsize=(9, 3), layout="constrained")
    losses = [(entry["epoch"], entry["loss"]) for entry in log if "loss" in entry]
    if losses:
        left.plot(*zip(*losses, strict=True))
    left.set_title("loss while learning", fontsize=10)
    judged = [entry for entry in log if "eval_macro_f1" in entry]
    for name, key in (("macro-F1", "macro_f1"), ("source", "source_exact_f1"),
                      ("target", "target_exact_f1"), ("claim", "claim_exact_f1")):  # fmt: skip
        right.plot([e["epoch"] for e in judged], [e[f"eval_{key}"] for e in judged], marker="o",
                   label=name)  # fmt: skip
    right.set_title("F1 on what is held out (thresholds at 0.5)", fontsize=10)
    right.set_ylim(0, 1)
    right.legend(fontsize=8)
    for axis in (left, right):
        axis.set_xlabel("epoch")
        axis.grid(alpha=0.3)
    return _svg(drawn)


def _scores(gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]) -> str:
    drawn, (left, right) = pyplot().subplots(1, 2, figsize=(9, 4), layout="constrained")
    right.plot([0, 1], [0, 1], color="grey", linewidth=1)
    for stance, style in zip(STANCES, ("-", "--", ":"), strict=True):
        score = np.array([one.scores[stance] for one in tagged])
        true = np.array([stance in one.labels for one in gold])
        if not true.any():
            continue
        order = np.argsort(-score, kind="stable")
        hits = np.cumsum(true[order])
        left.plot(hits / true.sum(), hits / np.arange(1, len(hits) + 1), style, label=stance)
        bins = reliability(gold, tagged, stances=(stance,))
        right.plot([b.score for b in bins], [b.right for b in bins], style, marker="o",
                   markersize=4, label=stance)  # fmt: skip
    left.set(title="precision against recall", xlabel="recall", ylabel="precision",
             xlim=(0, 1), ylim=(0, 1.02))  # fmt: skip
    right.set(title="how often a score is right", xlabel="score", ylabel="part that is right",
              xlim=(0, 1), ylim=(0, 1.02))  # fmt: skip
    for axis in (left, right):
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    return _svg(drawn)


def _svg(drawn: Any) -> str:
    with io.StringIO() as file:
        drawn.savefig(file, format="svg", metadata={"Date": None})
        pyplot().close(drawn)
        text = file.getvalue()
    return text[text.index("<svg") :]


def _made(about: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    data = about["data"]
    yield "sentences learned", f"{data['sentences_learned']:,}"
    yield "files", ", ".join(data["files"])
    yield "fingerprint of the data (sha256)", data["fingerprint"]
    for part in ("recipe", "made_with"):
        for name, value in about[part].items():
            yield name, str(value)
