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

TEXT_SUFFIXES = (".txt", ".text", ".md")
HTML_SUFFIXES = (".html", ".htm", ".xhtml")
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


def read_articles(paths: Iterable[str | Path]) -> Iterator[Article | Skipped]:
    """The articles of files and folders, one at a time; "-" is standard input.

    Folders are read with all that is below them, in the order of their names; files in
    them that are of no kind we read are skipped and named.
    """
    for path in paths:
        if str(path) == "-":
            yield from _of_text("-", sys.stdin.buffer.read())
        elif Path(path).is_dir():
            yield from _of_folder(Path(path))
        else:
            yield from _of_file(Path(path))


def _of_folder(folder: Path) -> Iterator[Article | Skipped]:
    def cannot(error: OSError) -> None:
        denied.append(Skipped(str(error.filename), f"cannot be read: {error.strerror}"))

    denied: list[Skipped] = []
    for place, folders, files in os.walk(folder, onerror=cannot):
        folders.sort()
        for name in sorted(files):
            yield from _of_file(Path(place, name))
    yield from denied


def _of_file(path: Path) -> Iterator[Article | Skipped]:
    kind = path.suffix.lower()
    if kind not in SUFFIXES:
        yield Skipped(str(path), f"not a kind that is read ({', '.join(SUFFIXES)})")
        return
    try:
        if not path.is_file():
            yield Skipped(str(path), "no such file" if not path.exists() else "not a regular file")
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
