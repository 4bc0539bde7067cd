"""Where tagged records go: a file that appears whole, and can be gone on with after a kill.

Records are added to `OUT.part`. After each stretch of articles the part is brought to
disk and a line of `OUT.journal` says how far it is good. The next run cuts the part back
to there and goes on; at the end the part takes the name OUT and the journal goes.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from .documents import Skipped
from .records import csv_head, csv_lines, json_lines, parquet_schema

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".csv", ".csv.gz", ".csv.zst", ".parquet")


class OutputError(ValueError):
    """An output that cannot be written as asked; the message says why and what to do."""


@dataclass(frozen=True)
class Reached:
    """How far a run has come: inputs read, the last one's name and mark, counts, good bytes."""

    inputs: int = 0
    last: str = ""
    articles: int = 0
    failed: int = 0
    bytes: int = 0
    error_bytes: int = 0
    mark: str = ""


def complete(path: Path) -> bool:
    """Whether an output is there and no run is left to go on with.

    Raises OutputError where its suffix is none of `SUFFIXES`.
    """
    _form(path)
    return path.exists() and not _beside(path, ".journal").exists()


def with_errors(path: Path) -> bool:
    """Whether some inputs of a complete output failed."""
    return _beside(path, ".errors.jsonl").exists()


class NotWritten(Exception):
    """Records that could not be brought to disk; the message says why and what to do."""


class Output:
    """A file of records that is being written.

    `settings` is whatever decides what is written; a run can only be gone on with under
    the same. `own` are the files that are written, which are no inputs. Raises
    OutputError where that is not so, where OUT is there already, or where its suffix is
    none of `SUFFIXES`; NotWritten where the disk does not take what is written.
    """

    def __init__(
        self, path: Path, settings: Any, *, resume: bool = False, overwrite: bool = False
    ) -> None:
        self.path = path
        self.part, self.journal = _beside(path, ".part"), _beside(path, ".journal")
        self.errors, self._whole = _beside(path, ".errors.jsonl"), _beside(path, ".whole")
        self.reached = Reached()
        self._encode, self._pack = _form(path)
        left = self.journal.exists()
        self._log: IO[bytes] = self.journal.open("ab")
        _lock(self._log, path, self.journal)  # before anything of another run is touched
        try:
            notes = self._notes() if resume else []
            if notes:
                self._go_on(notes, settings)
            elif not overwrite:
                self._refuse_to_overwrite(left and not resume)
        except OutputError:
            if not left:
                self.journal.unlink(missing_ok=True)
            self._log.close()
            raise
        if not notes:
            self._log.truncate(0)  # first: it speaks of the part that goes
            self.part.unlink(missing_ok=True)
        self._file: IO[bytes] = self.part.open("r+b" if self.part.exists() else "w+b")
        self._errors: IO[bytes] | None = None
        self._cut_back()
        if not notes:
            self._note({"settings": settings})
        if self.reached.bytes == 0 and self._encode is csv_lines:
            self._file.write(self._pack(csv_head().encode()))
        self._whole.unlink(missing_ok=True)
        files = (path, self.part, self.journal, self.errors)
        self.own = [file.stat() for file in files if file.exists()]

    def write(self, records: Iterable[dict[str, Any]]) -> None:
        """Adds records."""
        # a lone surrogate, which JSON input can hold, cannot be written: a question mark
        if data := self._encode(records).encode("utf-8", errors="replace"):
            with self._told():
                self._file.write(self._pack(data))

    def fail(self, item: Skipped) -> None:
        """Adds an input that failed to `OUT.errors.jsonl`."""
        path, _, row = item.where.rpartition(":")
        in_rows = row.isascii() and row.isdigit() and Path(path).is_file()
        place = {"path": path, "row": int(row)} if in_rows else None
        about = {**(place or {"path": item.where, "row": None}), "reason": item.why}
        with self._told():
            if self._errors is None:
                self._errors = self.errors.open("ab")
                self.own.append(os.fstat(self._errors.fileno()))
            line = json.dumps(about, ensure_ascii=False) + "\n"
            self._errors.write(line.encode("utf-8", errors="replace"))

    def keep(self, inputs: int, last: str, articles: int, failed: int, mark: str = "") -> None:
        """Brings to disk what was written and notes that it is good up to here."""
        with self._told():
            _to_disk(self._file)
            if self._errors is not None:
                _to_disk(self._errors)
            self.reached = Reached(
                inputs, last, articles, failed, self._file.tell(),
                0 if self._errors is None else self._errors.tell(), mark,
            )  # fmt: skip
            self._note(asdict(self.reached))

    def finish(self) -> None:
        """Gives the file its name."""
        with self._told():
            if self._file.tell() == 0:
                self._file.write(self._pack(b""))  # a packed file of nothing is not empty
            _to_disk(self._file)
            if self.path.suffix.lower() == ".parquet":
                self._to_parquet()
                self.close()
                self.journal.unlink()
                self.part.unlink()
            else:
                self.close()
                self.part.replace(self.path)
                self.journal.unlink()

    def close(self) -> None:
        """Leaves everything as it is, for a run that goes on later."""
        for file in (self._file, self._errors, self._log):
            if file is not None:
                with suppress(OSError):  # a full disk has been told of already
                    file.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise NotWritten(
                f"{self.path}: {error.strerror or error}; what was tagged before is kept in "
                f"{self.part.name}, --resume goes on with it"
            ) from None

    def _refuse_to_overwrite(self, unfinished: bool) -> None:
        if unfinished:
            raise OutputError(
                f"{self.part}: an earlier run did not finish; "
                "--resume goes on with it, --overwrite starts anew"
            )
        if self.path.exists():
            raise OutputError(f"{self.path}: exists already; --overwrite replaces it")

    def _notes(self) -> list[dict[str, Any]]:
        """The whole lines of the journal; the last may be torn and is cut off."""
        if not self.journal.exists():
            return []
        data = self.journal.read_bytes()
        data = data[: data.rfind(b"\n") + 1]
        os.truncate(self.journal, len(data))
        try:
            return [json.loads(line) for line in data.splitlines()]
        except ValueError:
            raise OutputError(f"{self.journal}: is damaged; start anew with --overwrite") from None

    def _go_on(self, notes: list[dict[str, Any]], settings: Any) -> None:
        if notes[0].get("settings") != json.loads(json.dumps(settings)):
            raise OutputError(
                f"{self.journal}: the run to go on with had other inputs, options or model; "
                "repeat its command, or start anew with --overwrite"
            )
        if len(notes) > 1:
            self.reached = Reached(**notes[-1])
        good = self.reached.bytes
        if not self.part.exists() and self.path.exists() and _size(self.path) == good:
            self.path.replace(self.part)  # killed between the renaming and the journal's end
        if _size(self.part) < good or _size(self.errors) < self.reached.error_bytes:
            raise OutputError(
                f"{self.part}: is shorter than {self.journal.name} says; "
                "start anew with --overwrite"
            )

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

        schema = parquet_schema()
        rows: list[dict[str, Any]] = []
        with pq.ParquetWriter(self._whole, schema) as writer, self.part.open("rb") as lines:
            for line in lines:
                rows.append(json.loads(line))
                if len(rows) == 10_000:
                    writer.write_table(pa.Table.from_pylist(rows, schema=schema))
                    rows.clear()
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
        self._whole.replace(self.path)


def _lock(file: IO[bytes], path: Path, journal: Path) -> None:
    """Keeps a second run from writing the same output; the lock ends with the process."""
    try:
        import fcntl
    except ModuleNotFoundError:  # not on Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        there = journal.exists() and os.path.samestat(os.fstat(file.fileno()), journal.stat())
    except BlockingIOError:
        there = False
    if not there:  # it is locked, or its run has come to its end this moment
        raise OutputError(f"{path}: another run is writing it")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


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
