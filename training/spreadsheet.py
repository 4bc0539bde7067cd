"""The short form as a CSV file for a spreadsheet: a row a stance, each span as its text.

A stance that ends with a question mark ("accuses?", "neutral?", or "?" alone where no guess is
shown) is one that nobody has looked at. Whoever agrees takes the mark away; nothing that
reads labels takes such a row for one.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

from stancewire.labels import LabelError, LabelledStance, find_span
from stancewire.records import FORMULA
from stancewire.types import NEUTRAL, ROLES

from .tasks import Task, Untouched

_ABOUT = ("id", "article", "title", "date", "start", "end")
_ESCAPED = re.compile(rf"'+[{re.escape(''.join(FORMULA))}]")


def to_csv(tasks: Iterable[Task]) -> str:
    """Tasks as CSV, with a byte order mark, which Excel needs to read UTF-8."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(("text", "stance", *ROLES, *_ABOUT))
    for task in tasks:
        about = [task.about.get(key, "") for key in _ABOUT]
        open_ = "" if task.done else "?"
        names = ("",) if task.stances is None else (NEUTRAL,)
        rows = [
            (f"{item.stance}{open_}", *parts)
            for item in task.stances or ()
            for parts in _parts(item)
        ] or [(f"{name}{open_}", *("" for _ in ROLES)) for name in names]
        for row in rows:
            writer.writerow(_safe(cell) for cell in (task.text, *row, *about))
    return "\ufeff" + lines.getvalue()


def _parts(stance: LabelledStance) -> Iterable[Sequence[str]]:
    """Rows of one span a part; a stance without any has one row."""
    columns = [[span.text for span in stance.spans.get(role, ())] for role in ROLES]
    return list(zip_longest(*columns, fillvalue="")) or [("",) * len(ROLES)]


def ambiguous(task: Task) -> list[str]:
    """Spans that the short form would give to an earlier place where the same words stand."""
    return [
        span.text
        for item in task.stances or ()
        for spans in item.spans.values()
        for span in spans
        if find_span(span.text, task.text) != span
    ]


def looked_at(
    rows: Iterable[tuple[str, dict[str, Any] | LabelError]],
) -> Iterator[tuple[str, dict[str, Any] | LabelError] | Untouched]:
    """The rows whose stance is decided, ready to be read; and the sentences nobody looked at."""
    texts: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for where, row in rows:
        if isinstance(row, LabelError):
            yield where, row
        else:
            cells = plain(row)
            texts[str(cells.get("text")), str(cells.get("annotator"))].append((where, cells))
    for group in texts.values():
        open_ = [where for where, row in group if str(row.get("stance")).rstrip().endswith("?")]
        if not open_:
            yield from group
        elif len(open_) == len(group):
            yield Untouched(open_[0])
        else:
            yield (
                open_[0],
                LabelError(
                    f"{open_[0]}: the question mark still stands here, and not in the other rows "
                    "of this sentence; take it away, or delete the row"
                ),
            )


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what `to_csv` did to its cells."""
    cells = {key: _unescaped(cell) for key, cell in row.items()}
    for key in _ABOUT:
        if cells.get(key) == "":
            del cells[key]
        elif key in ("start", "end") and str(cells.get(key)).isdecimal():
            cells[key] = int(cells[key])
    return cells


def _safe(cell: Any) -> Any:
    """A cell that no spreadsheet runs as a formula; `_unescaped` takes the apostrophe off."""
    risky = isinstance(cell, str) and cell.lstrip("'").startswith(FORMULA)
    return f"'{cell}" if risky else cell


def _unescaped(cell: Any) -> Any:
    return cell[1:] if isinstance(cell, str) and _ESCAPED.match(cell) else cell
