"""The mean of networks' weights as one model: `python -m stancewire.training.mean A B --out RUN`.

Wortsman et al. 2022, "Model soups". It helps where the networks come from one base and have
learned from much the same: the shipped model was made so (training/EXPERIMENTS.md).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
import torch
from safetensors.torch import load_file, save_file
from stancewire.tagger import Tagger
from torch import Tensor

from .compare import compare
from .parts import TrainingError, split
from .recipe import Recipe
from .train import Outcome, finish, untrained


def mean_of(networks: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each weight. Raises TrainingError where the networks are unlike."""
    first = {name: weight.shape for name, weight in networks[0].items()}
    for other in networks[1:]:
        if {name: weight.shape for name, weight in other.items()} != first:
            raise TrainingError("the networks are of different shapes; there is no mean of them")
    return {
        name: torch.stack([network[name].float() for network in networks]).mean(0).to(weight.dtype)
        for name, weight in networks[0].items()
    }


def _weights(path: str | Path) -> dict[str, Tensor]:
    """A network's weights; a run's network/model.safetensors has them under a name more."""
    return {name.removeprefix("network."): weight for name, weight in load_file(path).items()}


def mean(
    weights: Sequence[str | Path],
    *,
    out: str | Path,
    data: Sequence[str | Path] = (),
    told: str = "",
    recipe: Recipe = Recipe(),  # noqa: B008 - frozen
) -> Outcome:
    """Calibrates, quantizes and measures the mean of some `.safetensors` files of weights.

    `data` are the labelled files that the networks learned from besides the seeds: the same
    fifth of them is held out. `told` says for the card what the networks are. `out` becomes a
    folder with `model/`, `network/` and `figures.json`.
    """
    run = Path(out)
    run.mkdir(parents=True)
    start = run / "start.safetensors"
    save_file(mean_of([_weights(path) for path in weights]), start)
    parts = split(data, weight=recipe.data_weight)
    fitted = untrained(parts.learn[: recipe.batch_size], parts.judge, recipe, run, start)
    fitted.network.eval().to("cpu")
    about = f"The mean of the weights of {len(weights)} networks{told and ': '}{told}."
    outcome = finish(
        fitted, parts, recipe, run, ["seeds", *(Path(path).name for path in data)], [about]
    )
    start.unlink()
    (run / "figures.json").write_text(json.dumps(outcome.figures, indent=2) + "\n")
    return outcome


@click.command()
@click.argument("weights", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--extra", type=click.Path(exists=True, path_type=Path), multiple=True)
@click.option("--told", default="", help="what the networks are, for the card")
@click.option("--against", type=click.Path(exists=True, path_type=Path), help="a model folder")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="the run folder")
def main(
    weights: tuple[Path, ...], extra: tuple[Path, ...], told: str, against: Path | None, out: Path
) -> None:
    """Makes one model of WEIGHTS, safetensors files of networks of one shape."""
    outcome = mean(weights, out=out, data=extra, told=told)
    click.echo(f"model: {outcome.model}")
    if against:
        new = split(extra).new
        told_of = compare(new, Tagger.load(against), Tagger.load(outcome.model)).tell()
        click.echo(f"on the held-out sentences of {len(extra)} files: {told_of}")


if __name__ == "__main__":
    main()
