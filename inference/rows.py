"""Rows out of JSON, JSON Lines, CSV, TSV and Parquet files, packed or not."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

LINE_SUFFIXES = (".jsonl", ".csv", ".tsv")

# An article in one cell may be long; the module's own limit is 128 KiB.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class Fields:
    """The names of the fields that hold an article's text, name, date and title."""

    text: str = "text"
    id: str = "id"
    date: str = "date"
    title: str = "title"


@dataclass(frozen=True, slots=True)
class Row:
    """One row and where it stands, "path:number"; a CSV file's head is its row 1."""

    where: str
    cells: dict[str, Any]


Fault = tuple[str, str]  # where, and what is wrong there
Source = IO[bytes]  # a file as it lies on the disk, packed or not


def read_rows(path: Path, kind: str, raw: Source, fields: Fields) -> Iterator[Row | Fault]:
    """The rows of a file whose unpacked suffix is `kind`, and the faults among them.

    `raw` is the open file at `path`. A row has at least the `fields`, where they are
    there at all. Reads as it goes, so memory does not grow with the
    file; only `.json` is read whole. Raises OSError where the file cannot be read.
    """
    try:
        if kind == ".parquet":
            yield from _parquet(path, raw, fields)
        elif kind in (".csv", ".tsv"):
            yield from _table(path, kind, raw, fields)
        else:
            yield from {".json": _json, ".jsonl": _lines}[kind](path, raw)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield str(path), f"packed data is damaged or cut short ({error})"
    except ModuleNotFoundError as error:
        yield str(path), f'needs {error.name}; run: pip install "stancewire[files]"'


def _unpacked(path: Path, raw: Source) -> IO[bytes]:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return cast(IO[bytes], gzip.open(raw, "rb"))
    if suffix == ".zst":
        return cast(IO[bytes], io.BufferedReader(_Zstandard(raw)))
    return raw


class _Zstandard(io.RawIOBase):
    """What zstandard frames hold; raises EOFError, as gzip does, where one is cut short.

    zstandard's own reader ends without a word there.
    """

    def __init__(self, raw: Source) -> None:
        import zstandard

        self.raw, self.error = raw, zstandard.ZstdError
        self.start = zstandard.ZstdDecompressor().decompressobj
        self.frame: Any = None
        self.packed = self.ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.ready:
            self.packed = self.packed or self.raw.read(1 << 17)
            if not self.packed:
                if self.frame is not None:
                    raise EOFError("the last frame does not end")
                return 0
            if self.frame is None:
                self.frame = self.start()
            try:
                self.ready = self.frame.decompress(self.packed)
            except self.error as error:
                raise EOFError(str(error)) from None
            self.packed = b""
            if self.frame.eof:  # another frame may follow
                self.packed, self.frame = self.frame.unused_data, None
        count = min(len(buffer), len(self.ready))
        buffer[:count], self.ready = self.ready[:count], self.ready[count:]
        return count


def _lines(path: Path, raw: Source) -> Iterator[Row | Fault]:
    with _unpacked(path, raw) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            where = f"{path}:{number}"
            try:
                row = json.loads(line.decode("utf-8-sig"))
            except UnicodeDecodeError as error:
                yield where, f"not UTF-8 text (byte {error.start} of the line)"
            except (ValueError, RecursionError) as error:
                yield where, f"not JSON ({error})"
            else:
                yield Row(where, row) if isinstance(row, dict) else (where, "not a JSON object")


def _json(path: Path, raw: Source) -> Iterator[Row | Fault]:
    """An object is one row, a list one row for each of its objects."""
    data = raw.read()
    if not data.strip():
        return
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        yield str(path), f"not UTF-8 text (byte {error.start})"
        return
    except (ValueError, RecursionError) as error:
        yield str(path), f"not JSON ({error})"
        return
    if isinstance(found, dict):
        yield Row(str(path), found)
        return
    for number, row in enumerate(found if isinstance(found, list) else [found], 1):
        where = f"{path}:{number}"
        yield Row(where, row) if isinstance(row, dict) else (where, "not a JSON object")


def _wrong_head(names: list[str], fields: Fields) -> str:
    """What is wrong with the columns' names, if anything: a field there twice, or no text."""
    many = [name for name in asdict(fields).values() if names.count(name) > 1]
    if many:
        return f"several columns are called `{many[0]}`; give each a name of its own"
    return "" if fields.text in names else no_text(fields.text, names)


def no_text(field: str, names: Collection[str]) -> str:
    """Says that a row or table has no text under the name that was given, and what it has."""
    there = ", ".join(f"`{name}`" for name in names)
    hint = f"; there are: {there} (--text-field)" if there and field not in names else ""
    return f"no field `{field}` with a string in it{hint}"


def table_reader(lines: Iterator[str], separator: str = "") -> Any:
    """The `csv.reader` of a table's lines; in much of the world no comma parts the cells.

    Strict, for a quote left open would swallow the rows below.
    """
    head = next(lines, "")
    separator = separator or max(",;\t", key=head.count)
    return csv.reader(chain([head], lines), delimiter=separator, strict=True)


def _table(path: Path, kind: str, raw: Source, fields: Fields) -> Iterator[Row | Fault]:
    with (
        _unpacked(path, raw) as data,
        # bytes that are not UTF-8 spoil their own row, not the file
        io.TextIOWrapper(data, encoding="utf-8-sig", errors="surrogateescape", newline="") as text,
    ):
        # Python 3.10's csv takes no NUL: it becomes a mark of what is not text, too
        lines = (line.replace("\0", "\udcff") for line in text)
        rows = table_reader(lines, "\t" if kind == ".tsv" else "")
        number = 0
        head: list[str] | None = None
        while True:
            number += 1
            where = f"{path}:{number}"
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield where, f"not CSV from this row on ({error})"
                return
            if not any(cells):
                continue  # a spreadsheet leaves such rows at the end
            if head is None:
                head = cells
                if wrong := _wrong_head(head, fields):
                    yield where, wrong
                    return
            elif len(cells) != len(head):
                yield where, f"has {len(cells)} cells, the head has {len(head)}"
            elif any("\udc80" <= mark <= "\udcff" for cell in cells for mark in cell):
                yield where, "binary, or not UTF-8 text"
            else:
                yield Row(where, dict(zip(head, cells, strict=True)))


def _parquet(path: Path, raw: Source, fields: Fields) -> Iterator[Row | Fault]:
    import pyarrow
    import pyarrow.parquet

    try:
        number = 0
        with pyarrow.parquet.ParquetFile(raw) as file:
            head = file.schema_arrow.names
            if wrong := _wrong_head(head, fields):
                yield str(path), wrong
                return
            names = [name for name in asdict(fields).values() if name in head]
            for batch in file.iter_batches(batch_size=256, columns=names):
                for i in range(len(batch)):
                    number += 1
                    where = f"{path}:{number}"
                    try:
                        (cells,) = batch.slice(i, 1).to_pylist()
                    except (ValueError, OverflowError) as error:  # what Python cannot hold
                        yield where, f"cannot be read ({error})"
                    else:
                        yield Row(where, cells)
    except pyarrow.ArrowException as error:
        yield str(path), f"not a Parquet file that can be read ({error})"
