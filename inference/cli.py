"""The `stancewire` command."""

from __future__ import annotations

import io
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from .batch import Counts, Emit
    from .documents import Skipped
    from .rows import Fields
    from .scoring import Evaluation

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


class _Commands(click.Group):
    """Commands whose known errors are one sentence and exit status 2, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # whoever read our output has seen enough (`| head`)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except ValueError as error:
            # LabelError, ModelError, BaseError, TrainingError: all are ValueErrors with a
            # message for the user; another ValueError is a bug and shows itself as one.
            if type(error).__module__.startswith("stancewire."):
                _fail(str(error))
            raise
        except OSError as error:
            if error.filename is None and error.errno is None:
                raise
            named = f"{error.filename}: " if error.filename is not None else ""
            _fail(f"{named}{error.strerror or error}")


def _fail(message: str) -> NoReturn:
    click.echo(f"stancewire: {message}", err=True)
    raise click.exceptions.Exit(2)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stancewire")
def main() -> None:
    """Who accuses whom of what, who denies what, who warns whom."""


@main.command()
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
@click.option("--model", type=_FOLDER, help="A model folder other than the shipped one.")
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
    """Tag articles: files, folders, patterns, or - for standard input.

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
    if output is not None and output.is_dir():
        _fail(f"{output}: is a folder; name a file")
    for path in paths if output is not None and output.exists() else ():
        if Path(path).is_file() and output is not None and output.samefile(path):
            _fail(f"{path}: is input and output at once; name another file after -o")
    if resume and not overwrite and output is not None and complete(output):
        failed = with_errors(output)
        more = f"; some inputs failed, see {output.name}.errors.jsonl" if failed else ""
        click.echo(f"stancewire: {output}: is complete already{more}", err=True)
        raise click.exceptions.Exit(int(failed))
    tagger = Tagger.load(model, threads=workers)
    with ExitStack() as stack:
        stack.enter_context(_plain_warnings())
        settings = {
            # a shell's `news/*` names the run's own files, too, the second time
            "paths": [path for path in paths if not output or not path.startswith(str(output))],
            "fields": asdict(fields), "only_stances": only_stances, "split": not no_split,
            "model": {k: tagger.config[k] for k in ("sha256", "thresholds", "transitions")},
        }  # fmt: skip
        file = None
        if output is not None:
            file = Output(output, settings, resume=resume, overwrite=overwrite)
            stack.callback(file.close)
        try:
            if file is None:
                counts = tag_articles(
                    tagger, paths, _screen(stack, only_stances), fields=fields, split=not no_split,
                    strict=strict, said=_say, own=_standard_output(),
                )  # fmt: skip
            else:
                counts = tag_to_file(
                    tagger, paths, file, fields=fields, only_stances=only_stances,
                    split=not no_split, strict=strict, said=_say,
                    counted=_progress(stack, paths),
                )  # fmt: skip
        except (Stopped, NotWritten) as error:
            click.echo(f"stancewire: {error}", err=True)
            raise click.exceptions.Exit(1) from None
    _end(counts.failed, f"{counts.articles} tagged")


def _end(failed: int, rest: str) -> None:
    """Says how many inputs failed, with exit status 1, if any did."""
    if failed:
        inputs = "input" if failed == 1 else "inputs"
        click.echo(f"stancewire: {failed} {inputs} failed, {rest}", err=True)
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
        only_stances=only_stances, said=_say,
    )  # fmt: skip
    _end(written.failed, f"{written.sentences} sentences written")


def _say(item: Skipped) -> None:
    click.echo(f"stancewire: skipped {item.where}: {item.why}", err=True)


def _standard_output() -> list[os.stat_result]:
    """The file that records go to, so that it is not read as an article too."""
    try:
        return [os.fstat(sys.stdout.fileno())]
    except (OSError, ValueError):
        return []  # no file behind it


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


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Warnings as one line on standard error, for as long as the context lasts."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_, **__: click.echo(
            f"stancewire: {message}", err=True
        )
        yield


@main.command()
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE...")
@click.option("--model", type=_FOLDER, help="A model folder other than the shipped one.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
def evaluate(files: tuple[Path, ...], model: Path | None, as_json: bool) -> None:
    """Measure a model on labelled sentences (.jsonl or .csv).

    Per label precision, recall and F1, macro-F1 over the four labels, and for source,
    target and claim the exact and the word-overlap F1 over (stance, span) pairs.
    """
    from .labels import read_labelled
    from .scoring import evaluate as score
    from .tagger import Tagger

    gold = read_labelled(*files)
    if not gold:
        _fail(f"{', '.join(map(str, files))}: no labelled sentences")
    tagger = Tagger.load(model)
    with _plain_warnings():
        tagged = tagger.predict([sentence.text for sentence in gold], split=False)
    result = score(gold, [found[0] for found in tagged])
    if as_json:
        click.echo(json.dumps(result.to_dict(), indent=2))
    else:
        _print_evaluation(result)


def _print_evaluation(result: Evaluation) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD)
    for head in ("", "precision", "recall", "F1", "items"):
        table.add_column(head, justify="left" if not head else "right")
    groups = [(result.labels, ""), (result.exact, ", exact"), (result.overlap, ", overlap")]
    for group, how in groups:
        for name, m in group.items():
            cells = (f"{m.precision:.3f}", f"{m.recall:.3f}", f"{m.f1:.3f}", str(m.support))
            table.add_row(name + how, *cells, end_section=name in ("neutral", "claim"))
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"{result.sentences} sentences, macro-F1 over the four labels {result.macro_f1:.3f}"
    )


@main.command()
@click.option(
    "--data",
    "--extra",
    "data",
    type=_FILE,
    multiple=True,
    help="Labelled sentences (.jsonl, .csv) besides the seeds; may be repeated.",
)
@click.option(
    "--weight",
    type=click.IntRange(min=1),
    help="How often each --data sentence is read for each time of a seed.  [default: 2]",
)
@click.option("--no-seeds", is_flag=True, help="Learn from --data alone.")
@click.option(
    "--recipe",
    "recipe_name",
    type=click.Choice(["default"]),
    default="default",
    show_default=True,
    help="The settings to begin with; those given here come before them.",
)
@click.option("--base", help="A Hugging Face model name or folder.  [default: all-MiniLM-L6-v2]")
@click.option(
    "--from-model",
    "start",
    type=_FOLDER,
    help='Go on from a model folder; "shipped" is the model that tags by default.',
)
@click.option("--out", type=_FOLDER, help="The run folder.  [default: runs/ and the time]")
@click.option("--epochs", type=click.FloatRange(min=0, min_open=True), help="Passes over the data.")
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), help="Seed of everything random.  [default: 0]"
)
@click.option("--install", is_flag=True, help="Make the result the model that tags by default.")
def train(
    data: tuple[Path, ...],
    weight: int | None,
    no_seeds: bool,
    recipe_name: str,
    base: str | None,
    start: Path | None,
    out: Path | None,
    epochs: float | None,
    seed: int | None,
    install: bool,
) -> None:
    """Train a model on the seeds and on your own labelled sentences.

    Writes a run folder with the int8 model in it, ready for `stancewire tag --model`.
    """

    from .labels import read_labelled

    if no_seeds and not data:
        raise click.UsageError("--no-seeds needs --data")
    read_labelled(*data)  # bad data is told before the heavy imports
    try:
        from .training.recipe import RECIPES
        from .training.train import train as run_training
    except ModuleNotFoundError as error:
        _fail(f'training needs {error.name}; run: pip install "stancewire[train]"')

    given = {"base": base, "epochs": epochs, "seed": seed, "data_weight": weight}
    recipe = replace(
        RECIPES[recipe_name],
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
    )
    run = out or Path("runs", time.strftime("%Y-%m-%d-%H%M%S"))
    if start == Path("shipped"):
        from .model import FOLDER as start
    outcome = run_training(
        data, out=run, recipe=recipe, with_seeds=not no_seeds, start=start, install=install
    )
    held_out, agreed = outcome.figures["held_out"], outcome.figures["int8_against_float"]
    click.echo(
        f"held out: {held_out['sentences']:.0f} sentences, macro-F1 {held_out['macro_f1']:.3f}, "
        f"target exact F1 {held_out['target_exact_f1']:.3f}\n"
        f"int8 against float: same label in {agreed['same_label']:.1%}, same spans in "
        f"{agreed['same_spans']:.1%}, stance probabilities at most "
        f"{agreed['largest_score_difference']:.3f} apart, macro-F1 "
        f"{agreed['macro_f1_change']:+.4f}\n"
        f"model: {outcome.model}" + (" (installed)" if install else "")
    )


@main.group()
def seeds() -> None:
    """The labelled sentences that ship with stancewire."""


@seeds.command()
@click.argument("files", nargs=-1, type=_FILE, metavar="[FILE]...")
def check(files: tuple[Path, ...]) -> None:
    """Validate labelled data: the seeds, or files of your own."""
    from .seeds import check as checks
    from .seeds import files as seed_files

    checked = list(files) or seed_files()
    problems = checks.problems(checked, as_corpus=not files)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        _fail(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in {len(checked)} files")
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
