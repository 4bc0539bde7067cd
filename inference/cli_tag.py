"""`stancewire tag`."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .messages import (
    MODEL,
    check_folder,
    counted,
    fail,
    plain_warnings,
    refuse_input,
    say,
    say_skipped,
)

if TYPE_CHECKING:
    from .batch import Counts, Emit
    from .rows import Fields


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "-o",
    "--output",
    "output_name",
    metavar="FILE",
    help="Write here: .jsonl or .csv, also .gz, .zst; or .parquet.",
)
@click.option("--only-stances", is_flag=True, help="Leave out sentences without a stance.")
@click.option("--resume", is_flag=True, help="Go on with an output that was not finished.")
@click.option("--overwrite", is_flag=True, help="Replace an output that is there already.")
@click.option("--strict", is_flag=True, help="Stop at the first input that cannot be read.")
@click.option("--text-field", default="text", show_default=True, help="The field of rows to tag.")
@click.option("--id-field", default="id", show_default=True, help="The field that names a row.")
@click.option("--date-field", default="date", show_default=True, help="The field with its date.")
@click.option("--title-field", default="title", show_default=True, help="And with its title.")
@click.option("--workers", type=click.IntRange(1), help="Cores to use.  [default: all]")
@click.option(
    "--engine",
    type=click.Choice(["plain", "ray"]),
    default="plain",
    show_default=True,
    help="ray: rows of files on many machines, into a new folder of Parquet (or JSON Lines, where "
    "its name ends in .jsonl).",
)
@MODEL
@click.option("--no-split", is_flag=True, help="Each text is one sentence already.")
def tag(
    paths: tuple[str, ...],
    output_name: str | None,
    only_stances: bool,
    resume: bool,
    overwrite: bool,
    strict: bool,
    text_field: str,
    id_field: str,
    date_field: str,
    title_field: str,
    workers: int | None,
    engine: str,
    model: Path | None,
    no_split: bool,
) -> None:
    """Tag articles: files, folders, patterns, or - for a text on standard input.

    Reads .txt, .html, .json, .jsonl, .csv, .tsv and .parquet; lines also as .gz and .zst.
    Prints a table of the stances found; into a pipe, one JSON record a sentence. With -o
    nothing is lost: what cannot be read is named in OUT.errors.jsonl too, and --resume
    goes on after a kill. Exit status: 0 all tagged, 1 some inputs failed, 2 usage.
    """
    from .batch import Stopped, tag_articles, tag_to_file
    from .output import NotWritten, Output, complete, with_errors
    from .rows import Fields
    from .tagger import Tagger

    fields = Fields(text_field, id_field, date_field, title_field)
    if engine == "ray":
        if output_name is None or resume or overwrite or strict:
            raise click.UsageError("--engine ray needs --output, a new folder, and starts anew")
        _tag_on_ray(paths, output_name, fields, only_stances, workers, model, no_split)
        return
    output = None if output_name is None else Path(output_name)
    if output is None and (resume or overwrite):
        raise click.UsageError("--resume and --overwrite need --output")
    if output is not None:
        check_folder(output)
        if output.is_dir():
            fail(f"{output}: is a folder; name a file")
        refuse_input(output, *paths)
    if resume and not overwrite and output is not None and complete(output):
        failed = with_errors(output)
        more = f"; some inputs failed, see {output.name}.errors.jsonl" if failed else ""
        say(f"{output}: is complete already{more}")
        raise click.exceptions.Exit(int(failed))
    tagger = Tagger.load(model, threads=workers)
    with ExitStack() as stack:
        stack.enter_context(plain_warnings())
        settings = {
            # a shell's `news/*` names the run's own files, too, the second time
            "paths": [path for path in paths if not output or not path.startswith(str(output))],
            "fields": asdict(fields), "only_stances": only_stances, "split": not no_split,
            "model": {k: tagger.config[k] for k in ("sha256", "thresholds", "transitions")},
        }  # fmt: skip
        file = None
        if output is not None:
            file = Output(output, settings, resume=resume, overwrite=overwrite)
            file.own += _streams()
            stack.callback(file.close)
        try:
            if file is None:
                counts = tag_articles(
                    tagger, paths, _screen(stack, only_stances), fields=fields, split=not no_split,
                    strict=strict, said=say_skipped, own=_streams(),
                )  # fmt: skip
            else:
                counts = tag_to_file(
                    tagger, paths, file, fields=fields, only_stances=only_stances,
                    split=not no_split, strict=strict, said=say_skipped,
                    counted=_progress(stack, paths),
                )  # fmt: skip
        except (Stopped, NotWritten) as error:
            say(str(error))
            raise click.exceptions.Exit(1) from None
    _end(counts.failed, f"{counts.articles} tagged")


def _end(failed: int, rest: str) -> None:
    """Says how many inputs failed, with exit status 1, if any did."""
    if failed:
        say(f"{counted(failed, 'input')} failed, {rest}")
        raise click.exceptions.Exit(1)


def _tag_on_ray(
    paths: tuple[str, ...],
    output: str,
    fields: Fields,
    only_stances: bool,
    workers: int | None,
    model: Path | None,
    no_split: bool,
) -> None:
    from .ray import tag_files

    written = tag_files(
        paths, output, form="jsonl" if output.rstrip("/").endswith(".jsonl") else "parquet",
        text_column=fields.text, id_column=fields.id, date_column=fields.date,
        title_column=fields.title, model=model, workers=workers, split=not no_split,
        only_stances=only_stances, said=say_skipped,
    )  # fmt: skip
    _end(written.failed, f"{counted(written.sentences, 'sentence')} written")


def _streams() -> list[os.stat_result]:
    """The files that records and messages go to, so that they are not read as articles too."""
    found = []
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # no file behind it, or closed
            found.append(os.fstat(stream.fileno()))
    return found


def _screen(stack: ExitStack, only_stances: bool) -> Emit:
    """What is done with each article's sentences: a table, or JSON Lines into a pipe."""
    if sys.stdout.isatty():
        from rich.console import Console

        from .table import show

        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # half characters cannot be shown
        console = Console(highlight=False)
        return lambda article, tagged: show(console, article.name, tagged)
    from .records import json_lines, records

    # UTF-8 whatever the terminal's own encoding; a lone surrogate, which JSON input can
    # hold, cannot be written and becomes a question mark
    lines = stack.enter_context(click.open_file("-", "w", encoding="utf-8", errors="replace"))
    return lambda article, tagged: lines.write(json_lines(records(article, tagged, only_stances)))


def _progress(stack: ExitStack, paths: tuple[str, ...]) -> Callable[[Counts], object]:
    """A bar on a terminal; nothing where the output is piped."""
    if not sys.stderr.isatty():
        return lambda _: None
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from .batch import total_size

    told = TextColumn("{task.fields[articles]} articles, {task.fields[sentences]} sentences, "
                      "{task.fields[rate]:.0f}/s")  # fmt: skip
    console = Console(stderr=True)
    bar = Progress(BarColumn(), told, TimeRemainingColumn(), console=console)
    stack.enter_context(bar)
    task = bar.add_task("", total=total_size(paths), articles=0, sentences=0, rate=0)
    began = time.monotonic()

    def show(counts: Counts) -> None:
        rate = counts.sentences / max(time.monotonic() - began, 1e-3)
        bar.update(
            task, completed=counts.size, articles=counts.articles, sentences=counts.sentences,
            rate=rate,
        )  # fmt: skip

    return show
