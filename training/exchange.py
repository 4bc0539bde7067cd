"""Labels out to annotation tools and back: which format is which, and the files.

`tasks_text` is what is to be labelled, `read_exports` reads what came back.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from stancewire.labels import LabelError, LabelledStance, distinct, file_rows, read_row, read_rows

from . import doccano, label_studio, prodigy, spreadsheet
from .tasks import Reading, Task, Untouched

# Each format and the suffix of its files.
FORMATS = {
    "jsonl": ".jsonl",
    "label-studio": ".json",
    "doccano": ".jsonl",
    "prodigy": ".jsonl",
    "csv": ".csv",
}
_EXPORTS = (".json", ".jsonl", ".csv")

Read = Reading | Untouched | LabelError
Rows = Iterable[tuple[str, dict[str, Any] | LabelError]]


class ExchangeError(ValueError):
    """A file that cannot be written or read as asked; the message says why and what to do."""


def format_for(path: Path, name: str | None = None) -> str:
    """The format named, or the one that the suffix of `path` stands for.

    Raises ExchangeError where the two do not go together: tools go by the suffix.
    """
    suffix = path.suffix.lower()
    if name is None:
        name = {end: form for form, end in reversed(FORMATS.items())}.get(suffix)
    if name is None or FORMATS[name] != suffix:
        wanted = "; ".join(f"{form} {end}" for form, end in FORMATS.items())
        raise ExchangeError(f"{path}: the suffix does not fit the format ({wanted})")
    return name


def tasks_text(tasks: Sequence[Task], form: str) -> str:
    """Sentences to be labelled, as the text of a file in one of `FORMATS`.

    In "jsonl" a row has the model's `guess` (null where none is shown); `stances` are what
    somebody made of it, so whoever labels the file itself gives each row looked at those.
    """
    if form == "csv":
        return spreadsheet.to_csv(tasks)
    to_row: Callable[[Task], dict[str, Any]] = {
        "jsonl": _to_row,
        "label-studio": label_studio.to_row,
        "doccano": doccano.to_row,
        "prodigy": prodigy.to_row,
    }[form]
    rows = [json.dumps(to_row(task), ensure_ascii=False) for task in tasks]
    if form == "label-studio":
        return "[\n" + ",\n".join(rows) + "\n]\n"
    return "".join(row + "\n" for row in rows)


def _to_row(task: Task) -> dict[str, Any]:
    stances = None if task.stances is None else [_full(stance) for stance in task.stances]
    about = {key: value for key, value in task.about.items() if key != "id"}
    key = "stances" if task.done else "guess"
    return {"id": task.about.get("id", ""), "text": task.text, key: stances, **about}


def _full(stance: LabelledStance) -> dict[str, Any]:
    spans = {role: [span.to_dict() for span in found] for role, found in stance.spans.items()}
    return {"stance": stance.stance, **spans, **({"cue": stance.cue} if stance.cue else {})}


def read_tasks(*paths: str | Path) -> list[Task]:
    """Labelled sentences in the full or short form, or what `tasks_text` is in "jsonl".

    Those with labels are `done`. Raises
    LabelError for a row that cannot be read, and for a sentence that comes twice with
    different labels.
    """
    open_: list[Task] = []
    labelled = []
    for path in map(Path, paths):
        rows = []
        for where, row in file_rows(path):
            if isinstance(row, dict) and "guess" in row and "stances" not in row:
                open_.append(_task(row, where))
            else:
                rows.append((where, row))
        labelled += list(read_rows(rows))
    tasks = [
        Task(one.text, {"id": one.id, **one.more}, one.stances, done=True)
        for one in distinct(labelled)
    ]
    known = {task.text for task in tasks}
    return tasks + [task for task in open_ if task.text not in known]


def known_texts(*paths: str | Path) -> list[str]:
    """The sentences of files of labels, or of sentences handed out, looked at or not.

    Raises LabelError for a row without a text.
    """
    texts = []
    for path in map(Path, paths):
        for where, row in file_rows(path):
            if isinstance(row, LabelError):
                raise row
            text = spreadsheet.plain(row).get("text")
            if not isinstance(text, str):
                raise LabelError(f"{where}: no field `text` with a sentence in it")
            texts.append(text)
    return texts


def _task(row: dict[str, Any], where: str) -> Task:
    plain = {key: value for key, value in row.items() if key != "guess"}
    sentence = read_row({**plain, "stances": row["guess"] or []}, where)
    about = {"id": sentence.id, **sentence.more}
    return Task(sentence.text, about, None if row["guess"] is None else sentence.stances)


def read_exports(
    *paths: str | Path,
    approved: bool = False,
    problems: list[str] | None = None,
    repaired: list[str] | None = None,
) -> list[Reading | Untouched]:
    """What annotators made of sentences, from exports of any of the tools and from plain labels.

    The format is told by the rows. Who labelled is told by the export, else by the file's
    name without its suffix, with its folder's where files of several folders have one name.
    `approved` says that doccano's exports hold only approved
    examples. `problems` gets all rows that cannot be used, by file, line and reason, and
    `repaired` all spans that were put right; without a list as `problems` the first one is
    raised as a LabelError.
    """
    read: list[Reading | Untouched] = []
    repaired = [] if repaired is None else repaired
    files = [Path(path) for path in paths]
    often = Counter(path.stem for path in files)
    for path in files:
        alone = often[path.stem] == 1
        who = path.stem if alone else f"{path.absolute().parent.name}/{path.stem}"
        for item in _read(path, who, approved, repaired):
            if not isinstance(item, LabelError):
                read.append(item)
            elif problems is None:
                raise item
            else:
                problems.append(str(item))
    return read


def _read(path: Path, who: str, approved: bool, repaired: list[str]) -> Iterator[Read]:
    kind = path.suffix.lower()
    if kind not in _EXPORTS:
        packed = "; unpack it first" if kind in (".zip", ".gz") else ""
        yield LabelError(f"{path}: exports are read from {', '.join(_EXPORTS)} files{packed}")
        return
    plain: list[tuple[str, dict[str, Any] | LabelError]] = []
    for where, row in _json_rows(path) if kind == ".json" else file_rows(path):
        if isinstance(row, LabelError) or kind == ".csv" or "stances" in row or "stance" in row:
            plain.append((where, row))
        elif label_studio.is_row(row):
            yield from label_studio.readings(row, where, who, repaired)
        elif prodigy.is_row(row):
            yield from prodigy.readings(row, where, who, repaired)
        elif doccano.is_row(row):
            yield from doccano.readings(row, where, who, repaired, approved)
        elif "guess" in row:
            yield Untouched(where)
        else:
            plain.append((where, row))
    yield from _plain(plain, who, repaired)


def _plain(rows: Rows, annotator: str, repaired: list[str]) -> Iterator[Read]:
    """Rows in the full or short form, of one annotator or with a field that names each one's."""
    groups: dict[str, list[tuple[str, dict[str, Any] | LabelError]]] = defaultdict(list)
    for item in spreadsheet.looked_at(rows):
        if isinstance(item, Untouched):
            yield item
            continue
        row = item[1]
        named = row.get("annotator") if isinstance(row, dict) else None
        groups[str(named or annotator)].append(item)
    for who, group in groups.items():
        for read in read_rows(group, repaired):
            yield read if isinstance(read, LabelError) else Reading(read, who)


def _json_rows(path: Path) -> Iterator[tuple[str, dict[str, Any] | LabelError]]:
    """The objects of a JSON list with the lines they begin in."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        yield str(path), LabelError(f"{path}: cannot be read: {error.strerror or error}")
        return
    except UnicodeDecodeError as error:
        yield str(path), LabelError(f"{path}: is not UTF-8 (byte {error.start})")
        return
    decoder, line, counted = json.JSONDecoder(), 1, 0
    place = _after_space(text, 0)
    if text[place : place + 1] != "[":
        yield str(path), LabelError(f"{path}: is not a JSON list; export as JSON")
        return
    place = _after_space(text, place + 1)
    while text[place : place + 1] not in ("]", ""):
        line += text.count("\n", counted, place)
        counted, where = place, f"{path}:{line}"
        try:
            row, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            yield where, LabelError(f"{where}: is not JSON from here on ({error})")
            return
        if isinstance(row, dict):
            yield where, row
        else:
            yield where, LabelError(f"{where}: is not a JSON object")
        place = _after_space(text, place)
        if text[place : place + 1] == ",":
            place = _after_space(text, place + 1)
        elif text[place : place + 1] != "]":
            where = f"{path}:{line + text.count(chr(10), counted, place)}"
            yield where, LabelError(f"{where}: is not JSON from here on (cut short?)")
            return
    if place >= len(text):
        yield str(path), LabelError(f"{path}: is cut short, the list does not end")


def _after_space(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place
