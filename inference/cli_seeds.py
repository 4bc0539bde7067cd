"""`stancewire seeds`."""

from __future__ import annotations

from pathlib import Path

import click

from .messages import FILE, counted, fail


@click.group()
def seeds() -> None:
    """The labelled sentences that ship with stancewire."""


@seeds.command()
@click.argument("files", nargs=-1, type=FILE, metavar="[FILE]...")
def check(files: tuple[Path, ...]) -> None:
    """Validate labelled data: the seeds, or files of your own."""
    from .seeds import check as checks
    from .seeds import files as seed_files

    checked = list(files) or seed_files()
    problems = checks.problems(checked, as_corpus=not files)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        fail(f"{counted(len(problems), 'problem')} in {counted(len(checked), 'file')}")
    click.echo(checks.summary(checked))


@seeds.command("split")
def seeds_split() -> None:
    """List the split of every group anew, after sentences were added."""
    from .seeds import check, load

    check.write_split_list(load())


@seeds.command("stats")
def seeds_stats() -> None:
    """Count what the seed corpus holds."""
    from .seeds import load, stats

    click.echo(stats.tell(stats.count(load())))
