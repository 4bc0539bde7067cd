"""`stancewire seeds`."""

from __future__ import annotations

from pathlib import Path

import click

from .cli_labels import OVERWRITE
from .messages import FILE, counted, fail, say


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
@click.option("--table", is_flag=True, help="As the table of the data card.")
def seeds_stats(table: bool) -> None:
    """Count what the seed corpus holds."""
    from .seeds import load, stats

    click.echo(stats.table(load()) if table else stats.tell(stats.count(load())))


@seeds.command("export")
@click.argument("files", nargs=-1, type=FILE, metavar="[FILE]...")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="OUT",
              help="The file to write, or for jsonl the folder.")  # fmt: skip
@click.option("--format", "form", required=True,
              type=click.Choice(["jsonl", "conll", "docbin", "label-studio"]))  # fmt: skip
@click.option("--split", type=click.Choice(["train", "development", "test"]),
              help="Only this split of the seeds.")  # fmt: skip
@OVERWRITE
def seeds_export(
    files: tuple[Path, ...], output: Path, form: str, split: str | None, overwrite: bool
) -> None:
    """Write the seeds, or labelled files of your own, for other tools.

    jsonl: a folder with its data card, a file a split, that `datasets.load_dataset` reads; your
    own files become its split "train". conll: CoNLL-U Plus, a column for each part of a
    stance. docbin: spaCy's, as .spacy. label-studio: tasks with their annotations, as .json.
    """
    from .labels import LabelledSentence, distinct, file_rows, read_rows
    from .seeds import SPLITS, group_of, load, split_of
    from .training import release

    if files and split:
        raise click.UsageError("--split goes by the beats of the seeds; your own files have none")
    release.check_output(output, form)
    if not overwrite and output.exists() and (output.is_file() or any(output.iterdir())):
        fail(f"{output}: exists already; --overwrite replaces it")
    splits: dict[str, list[LabelledSentence]]
    if files:
        read = [row for path in files for row in read_rows(file_rows(path))]
        sentences = distinct(read)
        if again := len(read) - len(sentences):
            say(f"sentences that come again with the same labels, written once: {again}")
        splits = {"train": sentences}
    else:
        splits = {name: [] for name in ([split] if split else SPLITS)}
        for one in load(split):
            splits[split_of(group_of(one))].append(one)
        sentences = [one for found in splits.values() for one in found]
    if form == "jsonl":
        release.write_folder(splits, output)
        if files:
            release.remove_card(output)
        else:
            release.write_card(splits, output)
    else:
        written = sentences if files else release.with_splits(sentences)
        for note in release.write(written, output, form):
            say(note)
    click.echo(f"{len(sentences)} sentences in {output}")
