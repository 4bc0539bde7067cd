"""What the commands share: how they fail, warn and name a model."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import click

if TYPE_CHECKING:
    from .documents import Skipped

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


class _NewFile(click.Path):
    """A file to write, in a folder that is there."""

    def convert(self, *given: Any) -> Path:
        path = cast(Path, super().convert(*given))
        check_folder(path)
        return path


NEW_FILE = _NewFile(dir_okay=False, path_type=Path)


class _Model(click.Path):
    """A model folder, or the name of a version that is kept."""

    def convert(self, value: Any, *_: Any) -> Path:
        from .models import find

        return find(value)


MODEL = click.option(
    "--model", type=_Model(), help="A model folder, or a kept version, other than the one in use."
)


def check_folder(output: Path) -> None:
    """Ends with exit status 2 where there is no folder to write `output` in."""
    if not output.parent.is_dir():
        fail(f"{output.parent}: no such folder to write {output.name} in")


def refuse_input(output: Path, *inputs: str | Path) -> None:
    """Ends with exit status 2 where `output`, if it is there, is one of the inputs."""
    for path in map(Path, inputs if output.exists() else ()):
        if path.is_file() and output.samefile(path):
            fail(f"{path}: is input and output at once; name another file after -o")


def say(message: str) -> None:
    """Says something on standard error; where nobody reads that any more, the work goes on."""
    try:
        click.echo(f"stancewire: {message}", err=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def say_skipped(item: Skipped) -> None:
    """Says what could not be read, and why, or what there is to know of it."""
    from .documents import Remark

    say(f"{'' if isinstance(item, Remark) else 'skipped '}{item.where}: {item.why}")


def counted(number: int, noun: str) -> str:
    """A number of things: "1 input", "2 inputs"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def fail(message: str) -> NoReturn:
    """Says on standard error what was wrong, and ends with exit status 2."""
    say(message)
    raise click.exceptions.Exit(2)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Warnings as one line on standard error, for as long as the context lasts."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_, **__: say(str(message))
        yield
