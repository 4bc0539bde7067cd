"""Label Studio: the labelling configuration, tasks with predictions, the JSON export.

A guess is a prediction, which Label Studio opens as a pre-annotation. A task without an
annotation, or with one that was skipped, was not looked at; an annotation without regions says
neutral. https://labelstud.io/guide/task_format
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stancewire.labels import LabelError
from stancewire.types import NEUTRAL

from .tasks import MARKS, Mark, Reading, Task, Untouched, marks, reading

# One hue a stance; the parts differ in darkness, too, for eyes that see no hues.
COLOURS = dict(
    zip(
        MARKS,
        ("#8e0000", "#d32f2f", "#f06292", "#004d40", "#00acc1", "#bf360c", "#ef6c00", "#c0a000",
         "#6a1b9a", "#1a237e", "#5d4037"),
        strict=True,
    )
)  # fmt: skip


def config() -> str:
    """The labelling configuration: a region label for every mark, and a line for doubts."""
    labels = "\n".join(
        f'    <Label value="{mark}" background="{COLOURS[mark]}"/>' for mark in MARKS
    )
    return (
        "<View>\n"
        '  <Labels name="parts" toName="text">\n'
        f"{labels}\n"
        "  </Labels>\n"
        '  <Text name="text" value="$text" granularity="word"/>\n'
        '  <TextArea name="comment" toName="text" rows="1" maxSubmissions="1"'
        ' placeholder="In doubt? Say why"/>\n'
        "</View>\n"
    )


def to_row(task: Task) -> dict[str, Any]:
    """A task as Label Studio imports it."""
    row: dict[str, Any] = {"data": {"text": task.text, "about": task.about}}
    if task.stances is None:
        return row
    regions = [
        {
            "id": f"mark-{i}", "from_name": "parts", "to_name": "text", "type": "labels",
            "value": {"start": mark.start, "end": mark.end, "text": mark.words,
                      "labels": [mark.label]},
        }
        for i, mark in enumerate(marks(task.text, task.stances))
    ]  # fmt: skip
    if task.done:
        return {**row, "annotations": [{"result": regions}]}
    prediction: dict[str, Any] = {"result": regions, "model_version": _version(task)}
    if "scores" in task.about:
        label = task.stances[0].stance if task.stances else NEUTRAL
        prediction["score"] = task.about["scores"][label]
    return {**row, "predictions": [prediction]}


def _version(task: Task) -> str:
    return f"stancewire {task.about['model']}" if "model" in task.about else "labels"


def is_row(row: dict[str, Any]) -> bool:
    """Whether a row is a task of Label Studio's, or an annotation out of its JSON-MIN."""
    return isinstance(row.get("data"), dict) or "annotation_id" in row


def readings(
    row: dict[str, Any], where: str, annotator: str, repaired: list[str]
) -> Iterator[Reading | Untouched | LabelError]:
    """What the annotators of one exported task made of it."""
    where = f"{where} (task {row['id']})" if "id" in row else where
    data = row if "annotation_id" in row else row["data"]
    text, about = data.get("text"), data.get("about")
    if not isinstance(text, str) or not text.strip():
        yield LabelError(f"{where}: no text; its data needs a non-empty field `text`")
        return
    about = about if isinstance(about, dict) else {}
    annotations = [_full(row)] if "annotation_id" in row else row.get("annotations", [])
    if not isinstance(annotations, list) or not all(isinstance(a, dict) for a in annotations):
        yield LabelError(f"{where}: `annotations` must be a list of objects")
        return
    for annotation in annotations:
        who = _who(annotation.get("completed_by"), annotator)
        place = f"{where}, annotation {annotation.get('id', '-')} by {who}"
        if annotation.get("was_cancelled"):
            yield Untouched(place, "skipped")
            continue
        try:
            found, comment = _regions(annotation.get("result"), place)
            more = {**about, "comment": comment} if comment else about
            yield reading(text, found, more, place, who, repaired)
        except LabelError as error:
            yield error
    if not annotations:
        yield Untouched(where)


def _full(row: dict[str, Any]) -> dict[str, Any]:
    """An annotation out of JSON-MIN as the JSON export has it."""
    parts, comment = row.get("parts") or [], row.get("comment")
    parts = parts if isinstance(parts, list) else [parts]
    regions = [{"type": "labels", "value": part} for part in parts]
    if comment:
        lines = comment if isinstance(comment, list) else [comment]
        regions.append({"type": "textarea", "value": {"text": lines}})
    return {"id": row["annotation_id"], "completed_by": row.get("annotator"), "result": regions}


def _who(completed_by: Any, otherwise: str) -> str:
    if isinstance(completed_by, dict):
        completed_by = completed_by.get("email") or completed_by.get("id")
    return otherwise if completed_by in (None, "") else str(completed_by)


def _regions(result: Any, where: str) -> tuple[list[Mark], str]:
    """The marks of an annotation, and what was written into the line for doubts."""
    if not isinstance(result, list):
        raise LabelError(f"{where}: `result` must be a list")
    found: list[Mark] = []
    comments: list[str] = []
    for region in result:
        kind = region.get("type") if isinstance(region, dict) else None
        value = region.get("value") if isinstance(region, dict) else None
        if not isinstance(value, dict):
            raise LabelError(f"{where}: holds a region without a value: {region!r}")
        if kind == "textarea":
            lines = value.get("text")
            comments += map(str, lines if isinstance(lines, list) else [lines])
            continue
        start, end, names = value.get("start"), value.get("end"), value.get("labels")
        if kind != "labels" or not isinstance(names, list):
            raise LabelError(
                f"{where}: holds a region of type {kind!r}; import the tasks into a project with "
                "the configuration that `stancewire labels config` prints"
            )
        if type(start) is not int or type(end) is not int:
            raise LabelError(f"{where}: a region at {start!r} to {end!r} has no place in the text")
        words = value.get("text")
        found += [
            Mark(str(name), start, end, words if isinstance(words, str) else None) for name in names
        ]
    return found, "; ".join(comments)
