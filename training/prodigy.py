"""Prodigy (`spans.manual`): tasks with tokens and spans, and the lines of `prodigy db-out`.

A task that was accepted was looked at, with spans or without; an ignored one was not. A
rejected one says that its labels are wrong and not which are right.
https://prodi.gy/docs/api-interfaces#spans_manual
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from stancewire.labels import LabelError
from stancewire.words import word_spans

from .tasks import MARKS, Mark, Reading, Task, Untouched, marks, reading


def config() -> str:
    """The labels, as `prodigy spans.manual DATASET blank:en FILE --label` takes them."""
    return ",".join(MARKS)


def to_row(task: Task) -> dict[str, Any]:
    """A task as Prodigy's `spans.manual` reads it, with tokens of our own."""
    found = marks(task.text, task.stances or ())
    tokens = _tokens(task.text, found)
    first = {token["start"]: token["id"] for token in tokens}
    last = {token["end"]: token["id"] for token in tokens}
    shown = {key: str(task.about[key]) for key in ("article", "why") if key in task.about}
    row = {
        "text": task.text,
        "tokens": tokens,
        "spans": [
            {
                "start": m.start, "end": m.end, "label": m.label,
                "token_start": first[m.start], "token_end": last[m.end],
            }
            for m in found
        ],
        "meta": shown,
        "about": task.about,
    }  # fmt: skip
    return {**row, "answer": "accept"} if task.done else row


def _tokens(text: str, found: list[Mark]) -> list[dict[str, Any]]:
    """The words of `text`, cut where a span begins or ends so that every span fits."""
    edges = {edge for mark in found for edge in (mark.start, mark.end)}
    bounds: list[tuple[int, int]] = []
    for start, end in word_spans(text):
        cuts = [start, *sorted(edge for edge in edges if start < edge < end), end]
        bounds += pairwise(cuts)
    return [
        {"text": text[start:end], "start": start, "end": end, "id": i,
         "ws": text[end : end + 1].isspace()}
        for i, (start, end) in enumerate(bounds)
    ]  # fmt: skip


def is_row(row: dict[str, Any]) -> bool:
    """Whether a row is a task of Prodigy's."""
    return "answer" in row or "_task_hash" in row or ("spans" in row and "tokens" in row)


def readings(
    row: dict[str, Any], where: str, annotator: str, repaired: list[str]
) -> Iterator[Reading | Untouched | LabelError]:
    """What an annotator made of one task."""
    text, spans, about = row.get("text"), row.get("spans", []), row.get("about")
    answer = row.get("answer")
    if not isinstance(text, str) or not text.strip():
        yield LabelError(f"{where}: no text; every row needs a non-empty field `text`")
    elif answer is None:
        yield Untouched(where)
    elif answer == "ignore":
        yield Untouched(where, "ignored")
    elif answer == "reject":
        yield Untouched(where, "rejected, which does not say what is right")
    elif not isinstance(spans, list | None):
        yield LabelError(f"{where}: `spans` must be a list")
    elif answer != "accept":
        yield LabelError(f"{where}: unknown answer {answer!r}; it is accept, reject or ignore")
    else:
        who = str(row.get("_annotator_id") or row.get("_session_id") or annotator)
        try:
            found = [_mark(span, where) for span in spans or ()]
            about = about if isinstance(about, dict) else {}
            yield reading(text, found, about, where, who, repaired)
        except LabelError as error:
            yield error


def _mark(span: Any, where: str) -> Mark:
    start, end, label = (
        (span.get(key) for key in ("start", "end", "label"))
        if isinstance(span, dict)
        else (None,) * 3
    )
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        raise LabelError(f'{where}: a span must have "start", "end" and "label": {span!r}')
    return Mark(label, start, end)
