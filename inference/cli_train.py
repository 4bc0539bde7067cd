"""`stancewire evaluate` and `stancewire train`."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .messages import FILE, FOLDER, MODEL, fail, plain_warnings, say

if TYPE_CHECKING:
    from .scoring import Evaluation


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@MODEL
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
        fail(f"{', '.join(map(str, files))}: no labelled sentences")
    tagger = Tagger.load(model)
    with plain_warnings():
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


@click.command()
@click.option(
    "--data",
    "--extra",
    "data",
    type=FILE,
    multiple=True,
    help="Labelled sentences (.jsonl, .csv) besides the seeds; may be repeated.",
)
@click.option(
    "--weight",
    "weights",
    multiple=True,
    metavar="[NAME=]N",
    help="How often each --data sentence, or those of the file NAME, is read for each time of a "
    "seed.  [default: 2; 3 in an update]",
)
@click.option("--no-seeds", is_flag=True, help="Learn from --data alone.")
@click.option("--overrule", is_flag=True, help="Your labels count where the seeds have others.")
@click.option(
    "--recipe",
    "recipe_name",
    type=click.Choice(["default", "update"]),
    help="The settings to begin with; those given here come before them. update: some of the "
    "seeds again and a few epochs.  [default: update with --from-model, else default]",
)
@click.option("--base", help="A Hugging Face model name or folder.  [default: all-MiniLM-L6-v2]")
@click.option(
    "--from-model",
    "start",
    metavar="MODEL",
    help='Go on from a model folder or a kept version; "shipped" is the model of the package.',
)
@click.option(
    "--unlabelled",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="Articles (files, folders) that nobody labelled: the new model also learns what the "
    "teacher says of them; may be repeated.",
)
@click.option(
    "--teacher",
    metavar="MODEL",
    help="The model whose answers are learned beside the labels.  [default: with --unlabelled "
    "the model in use, else none]",
)
@click.option(
    "--layers",
    type=click.IntRange(min=1),
    help="Keep so many layers of the encoder: fewer are faster and less exact.  [default: all]",
)
@click.option(
    "--neurons",
    type=click.IntRange(min=1),
    help="Keep so many neurons in the middle of each layer, with the same effect.  [default: all]",
)
@click.option("--out", type=FOLDER, help="The run folder.  [default: runs/ and the time]")
@click.option("--resume", is_flag=True, help="Go on with the run in --out that was stopped.")
@click.option("--epochs", type=click.FloatRange(min=0, min_open=True), help="Passes over the data.")
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), help="Seed of everything random.  [default: 0]"
)
@click.option(
    "--promote",
    is_flag=True,
    help="Tag with the new model from now on, unless it is worse than the one in use.",
)
@click.option("--even-if-worse", is_flag=True, help="Promote it all the same.")
def train(
    data: tuple[Path, ...],
    weights: tuple[str, ...],
    no_seeds: bool,
    overrule: bool,
    recipe_name: str | None,
    base: str | None,
    start: str | None,
    unlabelled: tuple[Path, ...],
    teacher: str | None,
    layers: int | None,
    neurons: int | None,
    out: Path | None,
    resume: bool,
    epochs: float | None,
    seed: int | None,
    promote: bool,
    even_if_worse: bool,
) -> None:
    """Train a model on the seeds and on your own labelled sentences.

    Writes a run folder with the int8 model in it, ready for `stancewire tag --model`, and
    a report.html. At the end it says whether the new model is better than the one in use,
    on a fifth of --data that was held out and on the seeds' test split.
    """
    from . import models
    from .labels import read_labelled

    if no_seeds and not data:
        raise click.UsageError("--no-seeds needs --data")
    if even_if_worse and not promote:
        raise click.UsageError("--even-if-worse needs --promote")
    if resume and out is None:
        raise click.UsageError("--resume needs --out")
    for_all, by_file = _weights(weights)
    read_labelled(*data, repaired=[])  # bad data is told before the heavy imports
    try:
        from .training.promote import promote as make_default
        from .training.recipe import RECIPES
        from .training.train import train as run_training
    except ModuleNotFoundError as error:
        fail(f'training needs {error.name}; run: pip install "stancewire[train]"')

    given = {"base": base, "epochs": epochs, "seed": seed, "data_weight": for_all,
             "layers": layers, "neurons": neurons}  # fmt: skip
    recipe = replace(
        RECIPES[recipe_name or ("update" if start else "default")],
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
    )
    taught_by = models.find(teacher) if teacher else models.current() if unlabelled else None
    run = out or Path("runs", time.strftime("%Y-%m-%d-%H%M%S"))
    if promote:
        models.check_name(run.name)
    outcome = run_training(
        data, out=run, recipe=recipe,
        weights=by_file, with_seeds=not no_seeds, start=models.find(start) if start else None,
        against=models.current(), unlabelled=unlabelled, teacher=taught_by,
        overrule=overrule, resume=resume,
        said=say,
    )  # fmt: skip
    held_out, agreed = outcome.figures["held_out"], outcome.figures["int8_against_float"]
    click.echo(
        f"held out: {held_out['sentences']:.0f} sentences, macro-F1 {held_out['macro_f1']:.3f}, "
        f"target exact F1 {held_out['target_exact_f1']:.3f}\n"
        f"int8 against float: same label in {agreed['same_label']:.1%}, same spans in "
        f"{agreed['same_spans']:.1%}, stance probabilities at most "
        f"{agreed['largest_score_difference']:.3f} apart, macro-F1 "
        f"{agreed['macro_f1_change']:+.4f}"
    )
    named = {"new": "your held-out sentences", "seeds": "the seeds' test split"}
    for name, comparison in outcome.comparisons.items():
        click.echo(f"on {named[name]}: {comparison.tell()}")
    click.echo(f"against the model in use: {outcome.verdict}\nmodel: {outcome.model}")
    if promote:
        make_default(outcome, even_if_worse=even_if_worse)
        click.echo(f"in use from now on: {outcome.run.name} (stancewire models rollback undoes it)")


def _weights(given: tuple[str, ...]) -> tuple[int | None, dict[str, int]]:
    """--weight as a number for all files, and by file."""
    for_all, by_file = None, {}
    for text in given:
        name, named, number = text.rpartition("=")
        if not number.isdecimal() or int(number) < 1 or (named and not name):
            raise click.BadParameter(f"{text!r}: give a number from 1 on, or NAME=NUMBER",
                                     param_hint="--weight")  # fmt: skip
        if named:
            by_file[name] = int(number)
        else:
            for_all = int(number)
    return for_all, by_file
