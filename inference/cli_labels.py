"""`stancewire suggest` and `stancewire labels`: what to label, and labels in and out."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .messages import (
    FILE,
    MODEL,
    NEW_FILE,
    counted,
    fail,
    plain_warnings,
    refuse_input,
    say,
    say_skipped,
)

if TYPE_CHECKING:
    from .documents import Article
    from .rows import Fields
    from .training.merge import Agreement, Merged
    from .training.tasks import Task

OUTPUT = click.option(
    "-o", "--output", type=NEW_FILE, required=True, help="The file to write.", metavar="FILE"
)
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "label-studio", "doccano", "prodigy", "csv"]),
    help="What the labelling tool reads.  [default: by the suffix of FILE]",
)
NO_GUESS = click.option("--no-guess", is_flag=True, help="Do not show what is thought of it.")
OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace a FILE that is there.")


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("-n", "count", type=click.IntRange(1), default=200, show_default=True,
              help="How many sentences.")  # fmt: skip
@OUTPUT
@FORMAT
@NO_GUESS
@click.option("--known", type=FILE, multiple=True,
              help="Labels that you have, or sentences handed out (.jsonl, .csv).")  # fmt: skip
@OVERWRITE
@click.option("--text-field", default="text", show_default=True, help="The field of rows to read.")
@click.option("--id-field", default="id", show_default=True, help="The field that names a row.")
@click.option("--date-field", default="date", show_default=True, help="The field with its date.")
@click.option("--title-field", default="title", show_default=True, help="The field with its title.")
@click.option("--no-split", is_flag=True, help="Each text is one sentence already.")
@MODEL
def suggest(
    paths: tuple[str, ...],
    count: int,
    output: Path,
    form: str | None,
    no_guess: bool,
    known: tuple[Path, ...],
    overwrite: bool,
    text_field: str,
    id_field: str,
    date_field: str,
    title_field: str,
    no_split: bool,
    model: Path | None,
) -> None:
    """Pick the sentences of articles that teach a model most, to be labelled.

    Reads what `stancewire tag` reads. Picks sentences near the thresholds of the stances,
    unlike each other, out of many articles and sources, and one in five that the model
    calls neutral, for what it misses. The model's guess is filled in.
    """
    from .rows import Fields
    from .tagger import Tagger
    from .training.exchange import format_for, known_texts
    from .training.suggest import suggest as pick

    form = _writable(output, format_for(output, form), overwrite)
    refuse_input(output, *paths, *known)
    texts = known_texts(*known)
    fields = Fields(text_field, id_field, date_field, title_field)
    failed: list[str] = []
    left_out: Counter[str] = Counter()
    with plain_warnings():
        tasks = pick(
            _articles(paths, fields, output, failed), count,
            tagger=Tagger.load(model), known=texts, split=not no_split, left_out=left_out,
        )  # fmt: skip
    _write([task.blind() for task in tasks] if no_guess else tasks, output, form)
    passed = "".join(f", {often} {why}" for why, often in left_out.most_common())
    click.echo(f"{counted(len(tasks), 'sentence')} to label in {output}"
               f"{' (left out' if passed else ''}{passed[1:]}{')' if passed else ''}")  # fmt: skip
    if failed:
        say(f"{counted(len(failed), 'input')} failed")
        raise click.exceptions.Exit(1)


def _articles(
    paths: tuple[str, ...], fields: Fields, output: Path, failed: list[str]
) -> Iterator[Article]:
    from .documents import Article, read_articles

    own = [output.stat()] if output.exists() else []
    for item in read_articles(paths, own, fields):
        if isinstance(item, Article):
            yield item
        else:
            say_skipped(item)
            failed += [item.where] * item.failed


@click.group()
def labels() -> None:
    """Labels out to annotation tools and back."""


@labels.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["label-studio", "doccano", "prodigy"]),
    default="label-studio",
    show_default=True,
)
def config(form: str) -> None:
    """Print the labelling configuration for a tool.

    Label Studio: the XML for Settings, Labeling Interface, Code. doccano: the file for Import
    Labels, in a sequence labelling project that allows overlapping spans. Prodigy: what
    follows --label in `prodigy spans.manual`.
    """
    from .training import doccano, label_studio, prodigy

    if form == "label-studio":
        click.echo(label_studio.config(), nl=False)
    elif form == "doccano":
        click.echo(json.dumps(doccano.config(), indent=2))
    else:
        click.echo(prodigy.config())


@labels.command("export")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@OUTPUT
@FORMAT
@NO_GUESS
@click.option("--done", is_flag=True, help="As labels that were made, not as a guess to check.")
@OVERWRITE
def export(
    files: tuple[Path, ...],
    output: Path,
    form: str | None,
    no_guess: bool,
    done: bool,
    overwrite: bool,
) -> None:
    """Write labelled sentences for a tool, to be looked at once more.

    Reads labels in the full or short form (.jsonl, .csv), and what `suggest` and `import`
    wrote as .jsonl.
    """
    from dataclasses import replace

    from .training.exchange import format_for, read_tasks
    from .training.spreadsheet import ambiguous
    from .training.tasks import untold

    if done and no_guess:
        raise click.UsageError("--done and --no-guess exclude each other")
    form = _writable(output, format_for(output, form), overwrite)
    tasks = read_tasks(*files)
    if done and (missing := sum(not task.done for task in tasks)):
        has = "has" if missing == 1 else "have"
        fail(f"{missing} of these sentences {has} no labels yet; leave out --done")
    tasks = [task.blind() if no_guess else replace(task, done=done) for task in tasks]
    lost = sum(untold(task.stances or ()) for task in tasks)
    if lost and form != "jsonl":
        click.echo(
            f"stancewire: parts of stances never annotated: {lost}; a tool shows them like "
            "parts that are not there, so mark them as you go", err=True,
        )  # fmt: skip
    for task in tasks if form == "csv" else ():
        for words in ambiguous(task):
            click.echo(
                f"stancewire: the short form means the first {words!r}, the label another: "
                f"{task.text}", err=True,
            )  # fmt: skip
    _write(tasks, output, form)
    click.echo(f"{counted(len(tasks), 'sentence')} in {output}")


@labels.command("import")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="EXPORT...")
@OUTPUT
@click.option("--approved", is_flag=True,
              help="doccano's exports hold only approved examples.")  # fmt: skip
@OVERWRITE
def import_(files: tuple[Path, ...], output: Path, approved: bool, overwrite: bool) -> None:
    """Read labels out of exports of Label Studio, doccano, Prodigy or a spreadsheet.

    Writes them in the full form, ready for `stancewire train --data`. Where several people
    labelled a sentence, the majority is taken; what has none is told, and put into
    FILE.conflicts.jsonl. Who labelled is told by the export, else by its file's name. Exit
    status: 0 all read, 1 some rows were bad, 2 usage.
    """
    from .training.exchange import read_exports
    from .training.merge import conflict_rows, merge
    from .training.tasks import Reading, Untouched

    if output.suffix.lower() != ".jsonl":
        raise click.UsageError(f"{output}: labels are written as .jsonl")
    _writable(output, "jsonl", overwrite)
    beside = output.with_name(f"{output.stem}.conflicts.jsonl")
    _writable(beside, "jsonl", overwrite)
    for written in (output, beside):  # also with --overwrite: a person's work is in there
        refuse_input(written, *files)
    problems: list[str] = []
    repaired: list[str] = []
    read = read_exports(*files, approved=approved, problems=problems, repaired=repaired)
    for line in [*(f"put right: {line}" for line in repaired), *problems]:
        say(line)
    if problems and not read:
        fail(f"nothing could be read; {output} is not written")
    readings = [one for one in read if isinstance(one, Reading)]
    merged = merge(readings)
    for conflict in merged.conflicts:
        say(f"conflict: {conflict}")
    rows = [sentence.to_dict() for sentence in merged.sentences]
    _replace(output, _lines(rows))
    beside.unlink(missing_ok=True)
    if undecided := conflict_rows(merged):
        _replace(beside, _lines(undecided))
    _tell(merged, Counter(one.why for one in read if isinstance(one, Untouched)), output, beside)
    if problems:
        were = "was bad and is" if len(problems) == 1 else "were bad and are"
        say(f"{counted(len(problems), 'row')} {were} left out")
        raise click.exceptions.Exit(1)


def _tell(merged: Merged, untouched: Counter[str], output: Path, beside: Path) -> None:
    click.echo(f"{counted(len(merged.sentences), 'labelled sentence')} in {output}")
    for why, often in untouched.most_common():
        click.echo(f"{often} not among them: {why}")
    if merged.agreement.sentences:
        click.echo(_agreement(merged.agreement))
        click.echo(f"{merged.outvoted} of these decided by majority")
    if merged.undecided:
        click.echo(f"{len(merged.undecided)} without a majority, in {beside}")


def _agreement(found: Agreement) -> str:
    def told(figures: dict[str, float | None]) -> str:
        return ", ".join(
            f"{name} {'-' if value is None else f'{value:.2f}'}" for name, value in figures.items()
        )

    return (
        f"agreement on {counted(found.sentences, 'sentence')} that several people read: "
        f"Krippendorff's alpha {told(found.alpha)}; exact span F1 {told(found.spans)}"
    )


def _writable(output: Path, form: str, overwrite: bool) -> str:
    """Hands back the format of an output that does not take the place of somebody's labels."""
    if output.exists() and not overwrite:
        fail(f"{output}: exists already, perhaps with labels in it; --overwrite replaces it")
    return form


def _write(tasks: list[Task], output: Path, form: str) -> None:
    from .training.exchange import tasks_text

    _replace(output, tasks_text(tasks, form))


def _lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _replace(output: Path, text: str) -> None:
    """Writes a file that appears whole."""
    # half a character, which JSON input can hold, cannot be written: a question mark
    part = output.with_name(f"{output.name}.part")
    part.write_bytes(text.encode("utf-8", errors="replace"))
    os.replace(part, output)
