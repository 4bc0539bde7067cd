"""Articles out of files, folders and standard input.

Each input yields articles or a `Skipped` that says why there is none; nothing is
dropped without a word.
"""

from __future__ import annotations

import glob
import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .rows import LINE_SUFFIXES, Fields, Row, Source, no_text, read_rows

TEXT_SUFFIXES = (".txt",)
HTML_SUFFIXES = (".html", ".htm")
ROW_SUFFIXES = (".json", *LINE_SUFFIXES, ".parquet")
PACKED = (".gz", ".zst")
SUFFIXES = (*TEXT_SUFFIXES, *HTML_SUFFIXES, *ROW_SUFFIXES)


@dataclass(frozen=True, slots=True)
class Article:
    """One article: a name to find it again, its text, and what its source says of it.

    `where` is the place it was read from; the name is that place, or the row's id. `mark`
    tells the text of a row from others that may come to stand in its place.
    """

    name: str
    text: str
    title: str | None = None
    date: str | None = None
    where: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An input without an article, where it stands and why.

    `failed` says that an article was expected there; a file of another kind in a folder
    is only mentioned.
    """

    where: str
    why: str
    failed: bool = True


@dataclass(frozen=True, slots=True)
class Remark(Skipped):
    """Something to know of an input that was read all the same."""

    failed: bool = False


@dataclass
class Reading:
    """How far reading has come, kept up to date while `read_articles` runs.

    `skip` inputs at the beginning are passed over without being read, as far as that
    goes; `last` names the last of them, `mark` is its mark. `size` is the
    number of bytes read or passed.
    """

    skip: int = 0
    last: str = ""
    mark: str = ""
    finished: int = 0
    source: Source | None = None

    @property
    def size(self) -> int:
        return self.finished + (self.source.tell() if self.source else 0)

    def passes(self, where: str, mark: str = "") -> bool:
        """Whether the input at `where` is one to pass over."""
        if not self.skip:
            return False
        self.skip -= 1
        self.last, self.mark = where, mark
        return True


def read_articles(
    paths: Iterable[str | Path],
    own: Sequence[os.stat_result] = (),
    fields: Fields = Fields(),  # noqa: B008 - frozen
    reading: Reading | None = None,
) -> Iterator[Article | Skipped]:
    """The articles of files and folders, one at a time; "-" is standard input.

    Folders are read with all that is below them, their own files first, by name; files
    in them that are of no kind we read are skipped and named. A path that does not exist
    may be a pattern (`news/**/*.txt`). `own` are the files that are being written: they
    are no inputs. `fields` names what holds text, name and date in rows.
    """
    reading = reading or Reading()
    for place in places(paths):
        if own and _is_one_of(place.where if isinstance(place, Skipped) else place, own):
            continue
        if isinstance(place, Skipped):
            if not reading.passes(place.where):
                yield place
        elif str(place) == "-":
            if not reading.passes("-"):
                yield from _of_text("-", sys.stdin.buffer.read())
        else:
            yield from _of_file(place, fields, reading)


def _is_one_of(path: str | Path, own: Sequence[os.stat_result]) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False
    return any(os.path.samestat(found, one) for one in own)


def places(paths: Iterable[str | Path]) -> Iterator[Path | Skipped]:
    """The files to read, and what stands among them that is none; "-" stays as it is."""
    for path in map(str, paths):
        if path != "-" and os.path.isdir(path):
            yield from _in_folder(Path(path))
        elif path != "-" and not os.path.lexists(path) and glob.has_magic(path):
            matches = sorted(glob.glob(path, recursive=True))
            if "**" in path:  # finds what is in a folder by itself
                matches = [match for match in matches if not os.path.isdir(match)]
            if not matches:
                yield Skipped(path, "no file matches this pattern")
            for match in matches:
                yield from _in_folder(Path(match)) if os.path.isdir(match) else [Path(match)]
        else:
            yield Path(path)


def _in_folder(folder: Path) -> Iterator[Path | Skipped]:
    def cannot(error: OSError) -> None:
        denied.append(Skipped(str(error.filename), f"cannot be read: {error.strerror}"))

    denied: list[Skipped] = []
    empty = True
    for place, folders, files in os.walk(folder, onerror=cannot):
        folders.sort()
        for name in sorted(files):
            empty = False
            path = Path(place, name)
            if _kind(path) in SUFFIXES:
                yield path
            else:
                yield Skipped(str(path), _OTHER_KIND, failed=False)
        for name in folders:
            if Path(place, name).is_symlink():
                where = str(Path(place, name))
                yield Skipped(where, "a link to a folder; name it to read it", failed=False)
    yield from denied
    if empty and not denied:
        yield Skipped(str(folder), "a folder without files")


_OTHER_KIND = f"not a kind that is read ({', '.join(SUFFIXES)}; lines also .gz, .zst)"


def _kind(path: Path) -> str:
    """The suffix that says how to read a file; for packed lines that of what is in them."""
    suffix = path.suffix.lower()
    if suffix in PACKED:
        inner = Path(path.stem).suffix.lower()
        return inner if inner in LINE_SUFFIXES else suffix
    return suffix


def _of_file(path: Path, fields: Fields, reading: Reading) -> Iterator[Article | Skipped]:
    kind = _kind(path)
    size = 0
    try:
        if kind not in ROW_SUFFIXES and reading.passes(str(path)):
            with suppress(OSError):  # it may be gone by now
                size = path.stat().st_size
        elif not path.is_file():
            if not reading.passes(str(path)):
                why = "not a regular file" if path.exists() else "no such file"
                yield Skipped(str(path), why)
        elif kind not in SUFFIXES:
            yield Skipped(str(path), _OTHER_KIND)
        else:
            size = path.stat().st_size
            if kind in ROW_SUFFIXES:
                yield from _of_rows(path, kind, fields, reading)
            elif kind in HTML_SUFFIXES:
                yield _of_html(str(path), path.read_bytes())
            else:
                yield from _of_text(str(path), path.read_bytes())
    except OSError as error:
        if not reading.passes(str(path)):
            yield Skipped(str(path), f"cannot be read: {error.strerror or error}")
    reading.finished += size


def _of_text(name: str, data: bytes) -> Iterator[Article | Skipped]:
    try:
        yield _article(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        yield Skipped(name, f"not UTF-8 text (byte {error.start})")


def _of_rows(
    path: Path, kind: str, fields: Fields, reading: Reading
) -> Iterator[Article | Skipped]:
    """One article a row: its text, named by its id where it has one.

    Fields that somebody named, and no row has, are mentioned at the end.
    """
    empty, read = True, False
    usual = set(asdict(Fields()).values())
    lacking = {name for name in asdict(fields).values() if name not in usual}
    with path.open("rb") as raw:
        reading.source = raw
        try:
            for row in read_rows(path, kind, raw, fields):
                empty = False
                item: Article | Skipped
                if isinstance(row, Row):
                    read = True
                    lacking.difference_update(row.cells)
                    item = _of_row(row, fields)
                else:
                    item = Skipped(*row)
                if not reading.passes(item.where, item.mark if isinstance(item, Article) else ""):
                    yield item
        finally:
            reading.source = None
    if empty and not reading.passes(str(path)):
        yield Skipped(str(path), "empty")
    if read and lacking and not reading.passes(str(path)):
        named = ", ".join(f"`{name}`" for name in sorted(lacking))
        yield Remark(str(path), f"no row has a field {named}")


def _of_row(row: Row, fields: Fields) -> Article | Skipped:
    text = row.cells.get(fields.text)
    if not isinstance(text, str):
        return Skipped(row.where, no_text(fields.text, row.cells))
    title, date, name = (_said(row.cells.get(f)) for f in (fields.title, fields.date, fields.id))
    mark = zlib.crc32(text.encode("utf-8", errors="surrogatepass"))
    return _article(row.where, text, title, date, name, f"{mark:08x}")


def _said(cell: Any) -> str | None:
    """What a cell says, if anything: nothing at all and "not a number" say nothing."""
    return None if cell is None or cell == "" or cell != cell else str(cell)


def _of_html(name: str, data: bytes) -> Article | Skipped:
    import trafilatura  # heavy: only where there is HTML

    if not data.strip():
        return Skipped(name, "empty")
    try:
        page = trafilatura.bare_extraction(
            data, include_comments=False, include_tables=False, with_metadata=True
        )
    except Exception as error:  # a page can break the parser in ways it does not name
        return Skipped(name, f"no article could be read out of this page ({error!r})")
    if page is None or isinstance(page, dict) or not page.text:
        return Skipped(name, "no article found in this page")
    return _article(name, page.text, page.title or None, page.date or None)


def _article(
    where: str,
    text: str,
    title: str | None = None,
    date: str | None = None,
    name: str | None = None,
    mark: str = "",
) -> Article | Skipped:
    if not text.strip():
        return Skipped(where, "empty")
    if "\0" in text:
        return Skipped(where, "binary, not text")
    return Article(where if name is None else name, text, title, date, where, mark)
