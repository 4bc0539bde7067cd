"""One row for a table of experiments: train with some settings, measure on three sets.

    python -m stancewire.training.experiment --name plain --set epochs=3 --seed 0 --seed 1 \\
        --extra ../shared/real/train.jsonl --dev ../shared/eval/dev.jsonl --rows runs/rows.jsonl

`development` is the seeds' own development split, `held_out` the fifth of the extra files
that no run learns from, `dev` the sentences named by --dev. Thresholds are fitted on what
is held out, never on --dev. The network is measured in float, before quantization.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import click
from safetensors.torch import save_model
from stancewire.labels import read_labelled
from stancewire.tagger import Tagger

from .judge import at_thresholds, measure, thresholds_for_news
from .parts import split
from .recipe import Recipe
from .teach import lessons
from .teach import unlabelled as more_sentences
from .train import check_teaching, fit


@click.command()
@click.option("--name", required=True, help="what the row is called")
@click.option("--seed", "seeds", type=int, multiple=True, default=(0,), help="once for each run")
@click.option("--set", "settings", multiple=True, help="a field of the recipe, as epochs=3")
@click.option("--extra", type=click.Path(exists=True, path_type=Path), multiple=True)
@click.option("--first", type=int, help="learn from the first N seeds in the order of writing")
@click.option("--no-seeds", is_flag=True, help="learn from the extra files alone")
@click.option("--dev", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--rows", type=click.Path(path_type=Path), required=True, help="JSONL to add to")
@click.option("--start", type=click.Path(exists=True, path_type=Path), help="weights to go on from")
@click.option("--teacher", type=click.Path(exists=True, path_type=Path), help="a model folder")
@click.option("--unlabelled", type=click.Path(exists=True, path_type=Path), multiple=True)
@click.option("--keep", type=click.Path(path_type=Path), help="folder for the weights")
def main(
    name: str,
    seeds: Sequence[int],
    settings: Sequence[str],
    extra: Sequence[Path],
    first: int | None,
    no_seeds: bool,
    dev: Path,
    rows: Path,
    keep: Path | None,
    start: Path | None,
    teacher: Path | None,
    unlabelled: Sequence[Path],
) -> None:
    """Trains once for each --seed and adds a line of figures for each to --rows."""
    recipe = replace(Recipe(), **dict(_setting(text) for text in settings))
    parts = split(extra, with_seeds=not no_seeds, weight=recipe.data_weight, first=first)
    learn, judge = parts.learn, parts.judge
    unseen = read_labelled(dev)
    if unlabelled:
        apart = {sentence.text for sentence in (*learn, *judge, *parts.test, *unseen)}
        learn = [*learn, *more_sentences(unlabelled, recipe.unlabelled, apart)[0]]
    if teacher:
        check_teaching(recipe)
    told = lessons(Tagger.load(teacher), [s.text for s in learn]) if teacher else None
    for seed in seeds:
        recipe = replace(recipe, seed=seed)
        began = time.time()
        with tempfile.TemporaryDirectory() as run:
            fitted = fit(learn, [], recipe, Path(run), start, told)
        fitted.trainer.judge = judge
        minutes = (time.time() - began) / 60
        tagged = fitted.trainer.tagged()
        thresholds = thresholds_for_news(judge, tagged)
        fitted.trainer.judge = unseen
        row: dict[str, Any] = {
            "name": name,
            "learned": len({sentence.text for sentence in learn}),
            "recipe": asdict(recipe),
            "minutes": round(minutes, 1),
            "thresholds": thresholds,
            "dev": measure(unseen, at_thresholds(fitted.trainer.tagged(), thresholds)),
        }
        found = at_thresholds(tagged, thresholds)
        for part in ("development", "held_out"):
            chosen = [i for i, s in enumerate(judge) if ("round" in s.more) == (part[0] == "d")]
            if chosen:
                row[part] = measure([judge[i] for i in chosen], [found[i] for i in chosen])
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            save_model(fitted.network, str(keep / f"{name}-{seed}.safetensors"))
        rows.parent.mkdir(parents=True, exist_ok=True)
        with rows.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        click.echo(f"{name} {seed}: dev macro-F1 {row['dev']['macro_f1']:.3f}, {minutes:.0f} min")


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    known = {field.name: field.type for field in fields(Recipe)}
    if name not in known or not value:
        raise click.BadParameter(f"{text!r}: give field=value, fields: {', '.join(known)}")
    if known[name] == "bool":
        return name, value.lower() in ("1", "true", "yes")
    return name, {"int": int, "float": float, "str": str}[str(known[name])](value)


if __name__ == "__main__":
    main()
