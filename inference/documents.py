"""Articles out of files, folders and standard input.

Each input yields articles or a `Skipped` that says why there is none; nothing is
dropped without a word.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TEXT_SUFFIXES = (".txt",)
HTML_SUFFIXES = (".html", ".htm")
SUFFIXES = (*TEXT_SUFFIXES, *HTML_SUFFIXES, ".jsonl")


@dataclass(frozen=True, slots=True)
class Article:
    """One article: a name to find it again, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """An input without an article, where it stands and why."""

    where: str
    why: str


def read_articles(
    paths: Iterable[str | Path], output: os.stat_result | None = None
) -> Iterator[Article | Skipped]:
    """The articles of files and folders, one at a time; "-" is standard input.

    Folders are read with all that is below them, their own files first, by name; files
    in them that are of no kind we read are skipped and named. `output` is the file that
    is being written: it is not read.
    """
    for path in paths:
        if str(path) == "-":
            yield from _of_text("-", sys.stdin.buffer.read())
        elif Path(path).is_dir():
            yield from _of_folder(Path(path), output)
        else:
            yield from _of_file(Path(path), output)


def _of_folder(folder: Path, output: os.stat_result | None) -> Iterator[Article | Skipped]:
    def cannot(error: OSError) -> None:
        denied.append(Skipped(str(error.filename), f"cannot be read: {error.strerror}"))

    denied: list[Skipped] = []
    empty = True
    for place, folders, files in os.walk(folder, onerror=cannot):
        folders.sort()
        for name in sorted(files):
            empty = False
            yield from _of_file(Path(place, name), output)
        for name in folders:
            if Path(place, name).is_symlink():
                yield Skipped(str(Path(place, name)), "a link to a folder; name it to read it")
    yield from denied
    if empty and not denied:
        yield Skipped(str(folder), "a folder without files")


def _of_file(path: Path, output: os.stat_result | None) -> Iterator[Article | Skipped]:
    kind = path.suffix.lower()
    try:
        if not path.is_file():
            yield Skipped(str(path), "not a regular file" if path.exists() else "no such file")
        elif output is not None and os.path.samestat(path.stat(), output):
            yield Skipped(str(path), "is the output")
        elif kind not in SUFFIXES:
            yield Skipped(str(path), f"not a kind that is read ({', '.join(SUFFIXES)})")
        elif kind == ".jsonl":
            yield from _of_jsonl(path)
        elif kind in HTML_SUFFIXES:
            yield _of_html(str(path), path.read_bytes())
        else:
            yield from _of_text(str(path), path.read_bytes())
    except OSError as error:
        yield Skipped(str(path), f"cannot be read: {error.strerror or error}")


def _of_text(name: str, data: bytes) -> Iterator[Article | Skipped]:
    try:
        yield _article(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        yield Skipped(name, f"not UTF-8 text (byte {error.start})")


def _of_jsonl(path: Path) -> Iterator[Article | Skipped]:
    """One article a line: its `text`, named by its `id` where it has one."""
    with path.open("rb") as lines:
        empty = True
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            empty = False
            where = f"{path}:{number}"
            try:
                row = json.loads(line.decode("utf-8-sig"))
            except UnicodeDecodeError as error:
                yield Skipped(where, f"not UTF-8 text (byte {error.start} of the line)")
                continue
            except (ValueError, RecursionError) as error:
                yield Skipped(where, f"not JSON ({error})")
                continue
            text = row.get("text") if isinstance(row, dict) else None
            if not isinstance(text, str):
                yield Skipped(where, "no field `text` with a string in it")
                continue
            name = row.get("id")
            yield _article(where if name is None or name == "" else str(name), text)
        if empty:
            yield Skipped(str(path), "empty")


def _of_html(name: str, data: bytes) -> Article | Skipped:
    import trafilatura  # heavy: only where there is HTML

    if not data.strip():
        return Skipped(name, "empty")
    try:
        text = trafilatura.extract(data, include_comments=False, include_tables=False)
    except Exception as error:  # a page can break the parser in ways it does not name
        return Skipped(name, f"no article could be read out of this page ({error!r})")
    if not text:
        return Skipped(name, "no article found in this page")
    return _article(name, text)


def _article(name: str, text: str) -> Article | Skipped:
    if not text.strip():
        return Skipped(name, "empty")
    if "\0" in text:
        return Skipped(name, "binary, not text")
    return Article(name, text)
