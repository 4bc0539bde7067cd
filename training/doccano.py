"""doccano (sequence labelling): label types, JSON Lines in, JSON Lines out.

doccano's export does not say who looked at an example. What differs from the guess was looked
at, and so was what somebody marked `neutral`; the rest only where the export holds nothing but
approved examples, which is a tick in doccano's export dialog and `approved` here.
https://doccano.github.io/doccano/tutorial/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stancewire.labels import LabelError
from stancewire.types import NEUTRAL

from .label_studio import COLOURS
from .tasks import MARKS, Mark, Reading, Task, Untouched, marks, reading

_COLUMNS = ("label", "labels", "entities", "annotations")


def config() -> list[dict[str, str]]:
    """The label types, for doccano's "Import Labels"."""
    colours = {**COLOURS, NEUTRAL: "#9e9e9e"}
    return [
        {"text": mark, "background_color": colours[mark], "text_color": "#ffffff"}
        for mark in (*MARKS, NEUTRAL)
    ]


def to_row(task: Task) -> dict[str, Any]:
    """A task as doccano imports it; `guess` is what tells an untouched example later."""
    found = [[m.start, m.end, m.label] for m in marks(task.text, task.stances or ())]
    if task.done:
        found = found or [[0, len(task.text), NEUTRAL]]
        return {"text": task.text, "label": found, "about": task.about}
    return {"text": task.text, "label": found, "about": task.about, "guess": found}


def is_row(row: dict[str, Any]) -> bool:
    """Whether a row has the text and the labels of an example, in any of doccano's forms."""
    return any(isinstance(row.get(text), str) for text in ("text", "data")) and any(
        isinstance(row.get(column), list) for column in _COLUMNS
    )


def readings(
    row: dict[str, Any], where: str, annotator: str, repaired: list[str], approved: bool = False
) -> Iterator[Reading | Untouched | LabelError]:
    """What an annotator made of one exported example.

    Known are the forms of all versions: the text as `text` or `data`; labels as
    [start, end, label] or as {"start_offset", "end_offset", "label"}, under `label`, `labels`,
    `entities` or `annotations`.
    """
    text = row["text"] if isinstance(row.get("text"), str) else row["data"]
    where = f"{where} (example {row['id']})" if "id" in row else where
    about = dict(row["about"]) if isinstance(row.get("about"), dict) else {}
    comments = row.get("Comments") or row.get("comments") or ()
    if comments and isinstance(comments, list):
        about["comment"] = "; ".join(map(str, comments))
    spans = next(row[column] for column in _COLUMNS if isinstance(row.get(column), list))
    try:
        found = [_mark(span, where) for span in spans]
        guess = row.get("guess")
        guessed = {_key(_mark(span, where)) for span in guess} if isinstance(guess, list) else set()
        if {_key(mark) for mark in found} == guessed and not approved:
            yield Untouched(where, "labelled as it was handed out, if at all; see --approved")
        else:
            who = str(row.get("username") or annotator)
            yield reading(text, found, about, where, who, repaired)
    except LabelError as error:
        yield error


def _key(mark: Mark) -> tuple[int, int, str]:
    return mark.start, mark.end, mark.label


def _mark(span: Any, where: str) -> Mark:
    if isinstance(span, dict):
        label, start, end = (span.get(key) for key in ("label", "start_offset", "end_offset"))
    elif isinstance(span, list) and len(span) == 3:
        start, end, label = span
    else:
        raise LabelError(f"{where}: a label must be [start, end, label]: {span!r}")
    if type(label) is int:
        raise LabelError(
            f"{where}: holds the number of a label ({label}), not its name; export as "
            "JSONL with text labels"
        )
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        raise LabelError(f"{where}: a label must be [start, end, label]: {span!r}")
    return Mark(label, start, end)
