"""Where tagged records go: a file that appears whole, and can be gone on with after a kill.

Records are added to `OUT.part`. After each stretch of articles the part is brought to
disk and a line of `OUT.journal` says how far it is good. The next run cuts the part back
to there and goes on; at the end the part takes the name OUT and the journal goes.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from .documents import Skipped
from .records import COLUMNS, csv_lines, json_lines, parquet_schema

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".csv", ".csv.gz", ".csv.zst", ".parquet")


class OutputError(ValueError):
    """An output that cannot be written as asked; the message says why and what to do."""


@dataclass(frozen=True)
class Reached:
    """How far a run has come: inputs read, the last one's name, counts, good bytes."""

    inputs: int = 0
    last: str = ""
    articles: int = 0
    failed: int = 0
    bytes: int = 0
    error_bytes: int = 0


def complete(path: Path) -> bool:
    """Whether an output is there and no run is left to go on with."""
    return path.exists() and not _beside(path, ".journal").exists()


class Output:
    """A file of records that is being written.

    `settings` is whatever decides what is written; a run can only be gone on with under
    the same. Raises OutputError where that is not so, where OUT is there already, or
    where its suffix is none of `SUFFIXES`.
    """

    def __init__(
        self, path: Path, settings: Any, *, resume: bool = False, overwrite: bool = False
    ) -> None:
        self.path = path
        self.part, self.journal = _beside(path, ".part"), _beside(path, ".journal")
        self.errors = _beside(path, ".errors.jsonl")
        self.reached = Reached()
        self._encode, self._pack = _form(path)
        going_on = resume and self.journal.exists()
        if going_on:
            self._go_on(settings)
        elif not overwrite:
            self._refuse_to_overwrite(resume)
        mode = "r+b" if going_on else "w+b"
        if not going_on:
            self.errors.unlink(missing_ok=True)
        self._file: IO[bytes] = self.part.open(mode)
        self._errors: IO[bytes] | None = None
        self._cut_back()
        self._log: IO[bytes] = self.journal.open("ab" if going_on else "wb")
        if not going_on:
            self._note({"settings": settings})
            if self._encode is csv_lines:
                self._file.write(self._pack((",".join(COLUMNS) + "\n").encode()))

        files = (path, self.part, self.journal, self.errors)
        self.own = [file.stat() for file in files if file.exists()]

    def write(self, records: Iterable[dict[str, Any]], skipped: Iterable[Skipped]) -> None:
        """Adds records, and what was skipped with failure to `OUT.errors.jsonl`."""
        # a lone surrogate, which JSON input can hold, cannot be written: a question mark
        if data := self._encode(records).encode("utf-8", errors="replace"):
            self._file.write(self._pack(data))
        for item in skipped:
            if item.failed:
                if self._errors is None:
                    self._errors = self.errors.open("ab")
                path, _, row = item.where.rpartition(":")
                named = {"path": path, "row": int(row)} if row.isdigit() and path else None
                about = {**(named or {"path": item.where, "row": None}), "reason": item.why}
                self._errors.write(json.dumps(about, ensure_ascii=False).encode("utf-8", "replace"))
                self._errors.write(b"\n")

    def keep(self, inputs: int, last: str, articles: int, failed: int) -> None:
        """Brings to disk what was written and notes that it is good up to here."""
        _to_disk(self._file)
        if self._errors is not None:
            _to_disk(self._errors)
        self.reached = Reached(
            inputs, last, articles, failed, self._file.tell(),
            0 if self._errors is None else self._errors.tell(),
        )  # fmt: skip
        self._note(asdict(self.reached))

    def finish(self) -> None:
        """Gives the file its name."""
        self.close()
        if self.path.suffix == ".parquet":
            self._to_parquet()
        else:
            self.part.replace(self.path)
        self.part.unlink(missing_ok=True)
        self.journal.unlink()

    def close(self) -> None:
        """Leaves everything as it is, for a run that goes on later."""
        for file in (self._file, self._errors, self._log):
            if file is not None:
                with suppress(OSError):  # a full disk has been told of already
                    file.close()

    def _refuse_to_overwrite(self, resume: bool) -> None:
        if self.journal.exists():
            raise OutputError(
                f"{self.part}: an earlier run did not finish; "
                "--resume goes on with it, --overwrite starts anew"
            )
        if self.path.exists() and not resume:
            raise OutputError(f"{self.path}: exists already; --overwrite replaces it")

    def _go_on(self, settings: Any) -> None:
        data = self.journal.read_bytes()
        data = data[: data.rfind(b"\n") + 1]  # the last line may be torn
        os.truncate(self.journal, len(data))
        notes = [json.loads(line) for line in data.splitlines()]
        if not notes or notes[0].get("settings") != json.loads(json.dumps(settings)):
            raise OutputError(
                f"{self.journal}: the run to go on with had other inputs, options or model; "
                "repeat its command, or start anew with --overwrite"
            )
        if len(notes) > 1:
            self.reached = Reached(**notes[-1])
        if not self.part.exists():
            # killed between the renaming and the removal of the journal
            if self.path.exists() and self.path.stat().st_size == self.reached.bytes:
                self.path.replace(self.part)
            else:
                raise OutputError(f"{self.part}: is gone; start anew with --overwrite")

    def _cut_back(self) -> None:
        self._file.truncate(self.reached.bytes)
        self._file.seek(self.reached.bytes)
        if self.reached.error_bytes:
            self._errors = self.errors.open("r+b")
            self._errors.truncate(self.reached.error_bytes)
            self._errors.seek(self.reached.error_bytes)
        else:
            self.errors.unlink(missing_ok=True)

    def _note(self, what: dict[str, Any]) -> None:
        self._log.write(json.dumps(what).encode() + b"\n")
        _to_disk(self._log)

    def _to_parquet(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        whole = _beside(self.path, ".whole")
        schema = parquet_schema()
        with pq.ParquetWriter(whole, schema) as writer, self.part.open(encoding="utf-8") as lines:
            rows: list[dict[str, Any]] = []
            for line in lines:
                rows.append(json.loads(line))
                if len(rows) == 10_000:
                    writer.write_table(pa.Table.from_pylist(rows, schema=schema))
                    rows.clear()
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
        whole.replace(self.path)


def _beside(path: Path, more: str) -> Path:
    return path.with_name(path.name + more)


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _form(
    path: Path,
) -> tuple[Callable[[Iterable[dict[str, Any]]], str], Callable[[bytes], bytes]]:
    """How records become text and text becomes bytes, by the name of the output.

    Every stretch is packed by itself; unpackers read the pieces as one.
    """
    kind, pack = path.name.lower(), _as_it_is
    for suffix, packing in ((".gz", _gzip), (".zst", _zstd)):
        if kind.endswith(suffix):
            kind, pack = kind.removesuffix(suffix), packing
    if pack is _zstd:
        _need("zstandard")
    if kind.endswith(".csv"):
        return csv_lines, pack
    if kind.endswith(".jsonl"):
        return json_lines, pack
    if not kind.endswith(".parquet") or pack is not _as_it_is:
        raise OutputError(f"{path}: output must end in one of {', '.join(SUFFIXES)}")
    _need("pyarrow")
    return json_lines, pack  # turned into Parquet at the end


def _as_it_is(data: bytes) -> bytes:
    return data


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def _zstd(data: bytes) -> bytes:
    import zstandard

    packed: bytes = zstandard.ZstdCompressor().compress(data)
    return packed


def _need(module: str) -> None:
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise OutputError(f'this output needs {module}; run: pip install "stancewire[files]"')
