"""What is written for a tagged article: JSON records, table rows, Parquet columns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .documents import Article
from .language import looks_english
from .types import NEUTRAL, PARTY_ROLES, ROLES, STANCES, TaggedSentence

COLUMNS = (
    "article", "title", "date", "english", "sentence", "start", "end", "text",
    "stance", "score", *ROLES, *(f"{role}_party" for role in PARTY_ROLES), "resolved",
)  # fmt: skip

# A spreadsheet runs a cell that begins like this; an apostrophe before it stops that.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def records(
    article: Article, sentences: Sequence[TaggedSentence], only_stances: bool = False
) -> Iterator[dict[str, Any]]:
    """One record a sentence, or one a sentence with stances.

    `title` and `date` are there where the source gives them; `english` is there, and
    false, where the article does not look English, so that its tags mean nothing.
    """
    about: dict[str, Any] = {"article": article.name}
    if article.title is not None:
        about["title"] = article.title
    if article.date is not None:
        about["date"] = article.date
    if not looks_english(article.text):
        about["english"] = False
    for number, sentence in enumerate(sentences):
        if sentence.stances or not only_stances:
            yield {**about, "sentence": number, **sentence.to_dict()}


def json_lines(found: Iterable[dict[str, Any]]) -> str:
    """The records as JSON Lines."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in found)


def csv_head() -> str:
    """The first line of a CSV file."""
    return ",".join(COLUMNS) + "\r\n"


def csv_lines(found: Iterable[dict[str, Any]]) -> str:
    """The records as CSV, a row a stance; a sentence without one has a row "neutral".

    Several spans of a part are joined by "; ", and so are the parties that they or their fuller
    names name, each once and in their order, so that a table can be grouped by them; and in
    `resolved` the fuller names of the sources, nothing for a source that goes back to none.
    """
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)  # with its own line ends, so that a lone "\r" is quoted
    for record in found:
        about = [record.get(column, "") for column in COLUMNS[:8]]
        about[3] = "" if about[3] == "" else "no"
        neutral = {"stance": "neutral", "score": record["score"]}
        for stance in record["stances"] or [neutral]:
            row = [*about, *stance_cells(stance)]
            writer.writerow(_safe(cell) for cell in row)
    return lines.getvalue()


def stance_cells(stance: dict[str, Any]) -> list[Any]:
    """The cells of a stance in a row, from `stance` on in `COLUMNS`; see `csv_lines`."""
    parts = ["; ".join(s["text"] for s in stance.get(role, ())) for role in ROLES]
    parties = ["; ".join(_parties(stance.get(role, ()))) for role in PARTY_ROLES]
    fuller = [(s["resolved"] or {"text": ""})["text"] for s in stance.get("source", ())]
    resolved = "; ".join(fuller) if any(fuller) else ""
    return [stance["stance"], stance["score"], *parts, *parties, resolved]


def _parties(spans: Iterable[dict[str, Any]]) -> list[str]:
    """The parties of spans, each once."""
    return list(dict.fromkeys(filter(None, map(party_of, spans))))


def party_of(span: Mapping[str, Any]) -> str | None:
    """The party that a source or target in a record names, or else its fuller name."""
    return span.get("party") or (span.get("resolved") or {}).get("party")


def _safe(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def parquet_schema() -> Any:
    """The columns of Parquet output: those of the JSON records."""
    import pyarrow as pa

    scores = pa.struct([(label, pa.float64()) for label in (*STANCES, NEUTRAL)])
    return pa.schema(
        [
            ("article", pa.string()), ("title", pa.string()), ("date", pa.string()),
            ("english", pa.bool_()), ("sentence", pa.int64()), ("start", pa.int64()),
            ("end", pa.int64()), ("text", pa.string()), ("label", pa.string()),
            ("score", pa.float64()), ("scores", scores),
            ("stances", pa.list_(pa.struct(stance_fields()))),
        ]
    )  # fmt: skip


def stance_fields() -> list[tuple[str, Any]]:
    """The names and Arrow types of the parts of a stance."""
    import pyarrow as pa

    span = [("text", pa.string()), ("start", pa.int64()), ("end", pa.int64())]
    party = ("party", pa.string())
    fuller = ("resolved", pa.struct([*span, ("sentence", pa.int64()), party]))
    more = {"source": [party, fuller], "target": [party], "claim": []}
    spans = [(role, pa.list_(pa.struct([*span, *more[role]]))) for role in ROLES]
    return [("stance", pa.string()), ("score", pa.float64()), *spans]
