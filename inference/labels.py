"""Labelled sentences: reading them from files, in the full or the short form.

Full form, one JSON object a line::

    {"id": "...", "text": "...", "stances": [{"stance": "denies",
     "source": [{"text": "Iran", "start": 0, "end": 4}], "target": [...]}]}

Short form, JSONL or CSV, one row a stance: `text, stance, target` and optionally
`source, claim`, each span as its text. An empty cell means that the sentence gives no
such part; a column that is not there means that the part was *not annotated*. A row
whose stance is empty or `neutral` says that the sentence has none.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .moved import find_moved
from .rows import table_reader
from .types import NEUTRAL, ROLES, STANCES, Span

_COLUMNS = ("text", "stance", *ROLES)


class LabelError(ValueError):
    """Labelled data that cannot be used; the message says where, what and what to do."""


@dataclass(frozen=True)
class LabelledStance:
    """A stance as a person marked it. A role missing from `spans` was not annotated.

    `cue` is the words that give the stance, where somebody marked them.
    """

    stance: str
    spans: dict[str, tuple[Span, ...]]
    cue: str = ""


@dataclass(frozen=True)
class LabelledSentence:
    """A sentence with its stances (none: neutral) and whatever else its row held."""

    text: str
    stances: tuple[LabelledStance, ...]
    id: str = ""
    where: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The sentence in the full form, ready for `json.dumps`."""
        stances = [
            {"stance": item.stance}
            | {role: [span.to_dict() for span in spans] for role, spans in item.spans.items()}
            | ({"cue": item.cue} if item.cue else {})
            for item in self.stances
        ]
        return {"id": self.id, "text": self.text, "stances": stances, **self.more}

    @property
    def labels(self) -> frozenset[str]:
        """The stances of the sentence, without their parts; empty means neutral."""
        return frozenset(stance.stance for stance in self.stances)

    def contradicts(self, other: LabelledSentence) -> bool:
        """Whether two readings of a sentence differ in what both have annotated."""
        if self.labels != other.labels:
            return True
        return any(
            self.places(stance, role) != other.places(stance, role)
            for stance in self.labels
            for role in ROLES
            if None not in (self.places(stance, role), other.places(stance, role))
        )

    def places(self, stance: str, role: str) -> set[tuple[int, int]] | None:
        """Where the spans of a stance's role are; None where it was not annotated."""
        marked = [item for item in self.stances if item.stance == stance]
        if any(role not in item.spans for item in marked):
            return None
        return {(span.start, span.end) for item in marked for span in item.spans[role]}

    def told(self) -> str:
        """Its labels in words, for a message."""
        told = []
        for stance in self.stances:
            spans = [f"{r} {s.text!r}" for r, found in stance.spans.items() for s in found]
            told.append(" ".join([stance.stance, *spans]))
        return "; ".join(told) or NEUTRAL


def read_labelled(
    *paths: str | Path, problems: list[str] | None = None, repaired: list[str] | None = None
) -> list[LabelledSentence]:
    """Reads labelled sentences from `.jsonl` and `.csv` files, in the order given.

    Raises LabelError, which names file and line, for a row that cannot be read, a span
    that is not in its sentence, an unknown stance, or a sentence that comes twice with
    different labels. A sentence that comes twice with the same labels is kept once.
    With a list as `problems`, nothing is raised: every problem is added to it, and the
    rows without one are returned. With a list as `repaired`, a span that is not in its
    place but fits exactly one other (`find_moved`) is put there, and the list says so.
    """
    rows = (row for path in map(Path, paths) for row in read_rows(file_rows(path), repaired))
    return distinct(rows, problems)


def distinct(
    read: Iterable[LabelledSentence | LabelError], problems: list[str] | None = None
) -> list[LabelledSentence]:
    """Each sentence once. Raises LabelError, or adds to `problems`, as `read_labelled` does."""
    sentences: dict[str, LabelledSentence] = {}
    for one in read:
        if isinstance(one, LabelError):
            _tell(one, problems)
            continue
        known = sentences.setdefault(one.text, one)
        if known is not one and known.contradicts(one):
            error = LabelError(
                f"{one.where}: this sentence is labelled differently at {known.where} "
                f"({known.told()} there, {one.told()} here); keep one of the two: "
                f"{_short(one.text)}"
            )
            _tell(error, problems)
    return list(sentences.values())


def _tell(error: LabelError, problems: list[str] | None) -> None:
    if problems is None:
        raise error
    problems.append(str(error))


def read_row(
    row: dict[str, Any], where: str = "row", repaired: list[str] | None = None
) -> LabelledSentence:
    """One labelled sentence in the full form; `where` names it in a LabelError.

    `repaired` is as for `read_labelled`.
    """
    text = row.get("text")
    if not isinstance(text, str) or not text.strip():
        raise LabelError(f"{where}: no text; every row needs a non-empty field `text`")
    return _from_full(row, where, repaired)


def read_rows(
    rows: Iterable[tuple[str, dict[str, Any] | LabelError]], repaired: list[str] | None = None
) -> Iterator[LabelledSentence | LabelError]:
    """The sentences of rows with their places, and the errors of rows that are none.

    Rows of the short form on the same text become one sentence. `repaired` is as for
    `read_labelled`.
    """
    short: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for where, row in rows:
        if isinstance(row, LabelError):
            yield row
            continue
        text = row.get("text")
        try:
            if "stances" in row or not isinstance(text, str) or not text.strip():
                yield read_row(row, where, repaired)
            elif "stance" in row:
                short.setdefault(text, []).append((where, row))
            else:
                raise LabelError(
                    f"{where}: neither `stances` (full form) nor `stance` (short form); "
                    'a neutral sentence has "stances": [] or "stance": "neutral"'
                )
        except LabelError as error:
            yield error
    for text, group in short.items():
        try:
            yield _from_short(text, group, repaired)
        except LabelError as error:
            # each row that is wrong by itself, or what is wrong with them together
            yield from [*_wrong_alone(text, group, repaired)] or [error]


def _wrong_alone(
    text: str, rows: Sequence[tuple[str, dict[str, Any]]], repaired: list[str] | None
) -> Iterator[LabelError]:
    for row in rows:
        try:
            _from_short(text, [row], None if repaired is None else [])
        except LabelError as error:
            yield error


def file_rows(path: Path) -> Iterator[tuple[str, dict[str, Any] | LabelError]]:
    """The rows of a .jsonl or .csv file with their places ("path:line").

    What cannot be read is an error in its place.
    """
    kind = path.suffix.lower()
    try:
        if not kind and not path.exists():
            raise LabelError(f"{path}: cannot be read: no such file")
        if kind not in (".jsonl", ".csv"):
            raise LabelError(f"{path}: labelled data is read from .jsonl or .csv files")
        yield from _csv_rows(path) if kind == ".csv" else _jsonl_rows(path)
    except LabelError as error:
        yield str(path), error
    except OSError as error:
        yield str(path), LabelError(f"{path}: cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        yield (
            str(path),
            LabelError(
                f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8 and try again"
            ),
        )


def _jsonl_rows(path: Path) -> Iterator[tuple[str, dict[str, Any] | LabelError]]:
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            where = f"{path}:{number}"
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield where, LabelError(f"{where}: is not JSON ({error}); one object a line")
                continue
            if isinstance(row, dict):
                _refuse_tagged(path, row)
                yield where, row
            else:
                yield where, LabelError(f"{where}: is not a JSON object; one object a line")


def _csv_rows(path: Path) -> Iterator[tuple[str, dict[str, Any] | LabelError]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = table_reader(lines)
        columns: list[str] = []
        while True:
            where = f"{path}:{reader.line_num + 1}"  # where the row begins: cells hold line ends
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise LabelError(f"{where}: is not CSV ({error})") from None
            if not columns:
                columns = [_column(cell) for cell in cells or []]
                missing = [c for c in ("text", "stance", "target") if c not in columns]
                if missing or len(set(columns)) < len(columns):
                    raise LabelError(
                        f"{path}:1: the header must name the columns text, stance, target (and "
                        f"optionally source, claim), each once; found: {', '.join(columns) or '-'}"
                    )
                _refuse_tagged(path, columns)
            elif cells is None:
                return
            elif not any(cells):
                continue  # a spreadsheet leaves such rows at the end
            elif len(cells) != len(columns):
                yield (
                    where,
                    LabelError(
                        f"{where}: {len(cells)} cells, but the header has {len(columns)} columns; "
                        "put cells that hold a comma in double quotes"
                    ),
                )
            else:
                yield where, dict(zip(columns, cells, strict=True))


def _column(name: str) -> str:
    """The name of a column as we know it: a spreadsheet's "Text " is `text`."""
    plain = name.strip().lower()
    return plain if plain in _COLUMNS else name


def _refuse_tagged(path: Path, names: Collection[str]) -> None:
    """Raises LabelError where the columns or keys are those of what `stancewire tag` writes."""
    if {"article", "sentence", "score"} <= set(names):
        raise LabelError(
            f"{path}: is what `stancewire tag` wrote, a model's guesses and no labels; "
            "`stancewire suggest` picks sentences to label (who has put every row right takes "
            "out `score`)"
        )


def _from_full(row: dict[str, Any], where: str, repaired: list[str] | None) -> LabelledSentence:
    text, stances = row["text"], row["stances"]
    if not isinstance(stances, list) or not all(isinstance(item, dict) for item in stances):
        raise LabelError(f"{where}: `stances` must be a list of objects")
    marked = []
    for item in stances:
        if item.get("stance") == NEUTRAL:
            raise LabelError(f'{where}: a neutral sentence has "stances": [] and no stance in it')
        stance = _stance_name(item.get("stance"), where)
        if odd := sorted(set(item) - {"stance", "cue", *ROLES}):
            raise LabelError(
                f"{where}: a stance has no {', '.join(map(repr, odd))}; "
                f"its keys are stance, {', '.join(ROLES)} and cue"
            )
        spans = {}
        for role in ROLES:
            if role not in item:
                continue
            if not isinstance(item[role], list):
                raise LabelError(f"{where}: `{role}` must be a list of spans")
            spans[role] = tuple(
                _full_span(span, text, role, where, repaired) for span in item[role]
            )
        cue = str(item.get("cue") or "")
        marked.append(LabelledStance(stance, _checked(stance, spans, where), cue))
    more = {key: value for key, value in row.items() if key not in ("id", "text", "stances")}
    return LabelledSentence(text, tuple(marked), str(row.get("id", "")), where, more)


def _full_span(span: Any, text: str, role: str, where: str, repaired: list[str] | None) -> Span:
    """A span given as {"text", "start", "end"}, or as its text alone."""
    if isinstance(span, str):
        return find_span(span, text, role, where, repaired=repaired)
    if not isinstance(span, dict) or not isinstance(span.get("text"), str):
        raise LabelError(f'{where}: {role} must hold spans {{"text", "start", "end"}}: {span!r}')
    words, start, end = span["text"], span.get("start"), span.get("end")
    if start is None and end is None:
        return find_span(words, text, role, where, span.get("nth", 1), repaired)
    if (
        not isinstance(start, int)
        or not isinstance(end, int)
        or not 0 <= start <= end <= len(text)
        or text[start:end] != words
    ):
        moved = _put_right(words, text, role, where, repaired, start, end)
        if moved is not None:
            return moved
        found = text.find(words)
        hint = f"it stands at {found}" if found >= 0 else "it is not in the sentence"
        raise LabelError(f"{where}: {role} {words!r} is not at {start} to {end}; {hint}")
    if not words.strip():
        raise LabelError(f"{where}: {role} holds an empty span; leave it out instead")
    return Span(words, start, end)


def _put_right(
    words: str, text: str, role: str, where: str, repaired: list[str] | None, *near: Any
) -> Span | None:
    """The span that was meant, where that can be told and is asked for."""
    if repaired is None:
        return None
    start, end = near if len(near) == 2 and all(isinstance(n, int) for n in near) else (None, None)
    span = find_moved(words, text, start, end)
    if span is not None:
        told = "" if start is None else f" at {start} to {end}"
        read = "" if span.text == words else f" as {span.text!r}"
        repaired.append(
            f"{where}: {role} {words!r}{told} was read{read} at {span.start} to {span.end}"
        )
    return span


def find_span(
    words: str,
    text: str,
    role: str = "span",
    where: str = "",
    nth: int = 1,
    repaired: list[str] | None = None,
) -> Span:
    """The first (or `nth`) place where `words` stand as whole words in `text`.

    Raises LabelError where they do not stand there. `repaired` is as for `read_labelled`.
    """
    words = words.strip()
    places = [m.start() for m in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text)]
    if not places:
        places = [m.start() for m in re.finditer(re.escape(words), text)]
    if words and not places and nth == 1:
        moved = _put_right(words, text, role, where, repaired)
        if moved is not None:
            return moved
    if not words or not isinstance(nth, int) or not 1 <= nth <= len(places):
        often = f" {nth} times" if places else ""
        raise LabelError(
            f"{where}: {role} {words!r} is not in the sentence{often}; "
            f"copy it from there character for character: {_short(text)}"
        )
    return Span(words, places[nth - 1], places[nth - 1] + len(words))


def _from_short(
    text: str, rows: Sequence[tuple[str, dict[str, Any]]], repaired: list[str] | None
) -> LabelledSentence:
    where = rows[0][0]
    stances: dict[str, dict[str, dict[Span, None]]] = {}
    places: dict[str, str] = {}
    neutral = False
    for place, row in rows:
        name = "" if row["stance"] is None else str(row["stance"]).strip()
        filled = [role for role in ROLES if str(row.get(role) or "").strip()]
        if filled and not name:
            raise LabelError(
                f"{place}: has a {filled[0]} but no stance; name the stance, or {NEUTRAL}, which "
                f"has no parts: {_short(text)}"
            )
        if not name or name.lower() == NEUTRAL:  # a guess's parts may still stand beside neutral
            neutral = True
            continue
        stance = _stance_name(row["stance"], place)
        spans = stances.setdefault(stance, {})
        places.setdefault(stance, place)
        for role in ROLES:
            if role not in row or (stance == "denies" and role == "claim" and not row[role]):
                continue
            cell = row[role]
            cells = cell if isinstance(cell, list) else [cell] if cell else []
            # dicts keep the order and drop a span that several rows repeat
            spans.setdefault(role, {}).update(
                dict.fromkeys(
                    find_span(str(words), text, role, place, repaired=repaired) for words in cells
                )
            )
    if neutral and stances:
        raise LabelError(
            f"{where}: this sentence is labelled neutral in one row and "
            f"{', '.join(stances)} in another; keep one of the two: {_short(text)}"
        )
    marked = tuple(
        LabelledStance(
            stance,
            _checked(stance, {r: tuple(found) for r, found in spans.items()}, places[stance]),
        )
        for stance, spans in stances.items()
    )
    first = rows[0][1]
    more = {k: v for k, v in first.items() if k not in ("id", "text", "stance", *ROLES)}
    return LabelledSentence(text, marked, str(first.get("id") or ""), where, more)


def _stance_name(name: Any, where: str) -> str:
    if isinstance(name, str) and name.strip().lower() in STANCES:
        return name.strip().lower()
    raise LabelError(
        f"{where}: unknown stance {name!r}; the stances are {', '.join(STANCES)} (or {NEUTRAL}). "
        "This set is fixed: every model has a place for each of them and none for another, and "
        "all seeds are labelled for them alone. Label the sentence by the guide, or leave it "
        'out; what another stance would take is said under "The label set" in seeds/README.md'
    )


def _checked(
    stance: str, spans: dict[str, tuple[Span, ...]], where: str
) -> dict[str, tuple[Span, ...]]:
    if stance == "denies" and spans.get("claim"):
        raise LabelError(f"{where}: `denies` has no claim; what is denied is its target")
    return spans


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "..."
