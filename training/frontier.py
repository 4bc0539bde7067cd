"""Speed against exactness of some models, as a table and a picture.

    python -m stancewire.training.frontier ../shared/eval/dev.jsonl all=model 3=runs/three/model \\
        --out training/frontier.svg

Every model tags the same sentences, one model after the other and that several times over, so
that all have had the machine at its best.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import click
from stancewire import Tagger, seeds
from stancewire.labels import read_labelled

from .judge import measure, tag_whole
from .plots import pyplot

_ROUNDS = 5


@click.command()
@click.argument("gold", type=click.Path(exists=True, path_type=Path))
@click.argument("models", nargs=-1, required=True, metavar="NAME=FOLDER...")
@click.option("--sentences", "count", default=600, show_default=True, help="how many to time")
@click.option("--threads", default=os.cpu_count() or 1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="an .svg to draw")
def main(gold: Path, models: tuple[str, ...], count: int, threads: int, out: Path | None) -> None:
    """Prints sentences a second and figures on GOLD of each model, and draws them."""
    unseen = read_labelled(gold)
    texts = [s.text for s in seeds.load() if "like" in s.more][:count]
    named = dict(model.split("=", 1) for model in models)
    taggers = {name: Tagger.load(folder, threads=threads) for name, folder in named.items()}
    seconds = dict.fromkeys(taggers, float("inf"))
    for _ in range(_ROUNDS):
        for name, tagger in taggers.items():
            began = time.perf_counter()
            tagger.predict(texts, split=False)
            seconds[name] = min(seconds[name], time.perf_counter() - began)
    points = []
    click.echo("| model | sentences a second | macro-F1 | source | target | claim |")
    click.echo("| --- " * 6 + "|")
    for name, tagger in taggers.items():
        found = measure(unseen, tag_whole(tagger, unseen))
        rate = len(texts) / seconds[name]
        points.append((name, rate, found["macro_f1"]))
        spans = (f"{found[f'{role}_exact_f1']:.3f} / {found[f'{role}_overlap_f1']:.3f}"
                 for role in ("source", "target", "claim"))  # fmt: skip
        click.echo(f"| {name} | {rate:.0f} | {found['macro_f1']:.3f} | {' | '.join(spans)} |")
    if out:
        draw(points, out)


def draw(points: list[tuple[str, float, float]], path: Path) -> None:
    """Draws (name, sentences a second, macro-F1) of models."""
    drawn, axis = pyplot().subplots(figsize=(6, 4), layout="constrained")
    for name, rate, score in points:
        axis.plot(rate, score, marker="o", color="tab:blue")
        axis.annotate(name, (rate, score), fontsize=8, xytext=(5, 5), textcoords="offset points")
    axis.set_xlim(left=0, right=1.25 * max(rate for _, rate, _ in points))
    axis.set_xlabel("sentences a second")
    axis.set_ylabel("macro-F1")
    axis.grid(alpha=0.3)
    drawn.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
