"""`stancewire report` and `stancewire show`."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import click

from .messages import MODEL, NEW_FILE, counted, fail, plain_warnings, refuse_input, say, say_skipped


@click.command()
@click.argument("records", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.jsonl")
@click.option(
    "-o",
    "--output",
    required=True,
    type=NEW_FILE,
    metavar="FILE",
    help="The page to write.",
)
@click.option("--title", help="The page's heading.  [default: the name of OUT.jsonl]")
@click.option(
    "--context",
    type=click.IntRange(0),
    default=2,
    show_default=True,
    help="Sentences to keep before and after one with a stance.",
)
@click.option("--overwrite", is_flag=True, help="Replace a page that is there already.")
def report(records: Path, output: Path, title: str | None, context: int, overwrite: bool) -> None:
    """Make a page of who accuses, denies, warns whom, down to the sentences.

    OUT.jsonl is what `stancewire tag -o OUT.jsonl` wrote (also .gz, .zst); - reads it from
    standard input. The page is one HTML file that fetches nothing: open it in a browser,
    mail it, put it on a server.
    """
    from .report import write_report

    if output.exists() and not overwrite:
        fail(f"{output}: exists already; --overwrite replaces it")
    refuse_input(output, records)
    counts = write_report(records, output, title, context)
    told = f"{counted(counts['stances'], 'stance')} in {counted(counts['articles'], 'article')}"
    click.echo(f"{output}: {told}, {counts['bytes'] / 1e6:.1f} MB")
    if unread := counts["days_unread"]:
        say(f"{counted(unread, 'article')} left out of the timeline: a date that names no day for "
            "certain; write days as 2024-05-31")  # fmt: skip


@click.command()
@click.argument("article", metavar="ARTICLE")
@MODEL
def show(article: str, model: Path | None) -> None:
    """Show an article on the terminal, its stances marked in the running text.

    ARTICLE is anything that `tag` reads, - for standard input; of several articles in it,
    one after the other. Into a pipe the marks are words in brackets.
    """
    from rich.console import Console

    from .batch import tag_articles
    from .show import show as show_article
    from .tagger import Tagger

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # half characters cannot be shown
    console = Console(highlight=False)
    with plain_warnings():
        counts = tag_articles(
            Tagger.load(model), [article],
            lambda found, tagged: show_article(console, found, tagged),
            said=say_skipped,
        )  # fmt: skip
    if counts.failed:
        raise click.exceptions.Exit(1)
