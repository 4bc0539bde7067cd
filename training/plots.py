"""Tables and pictures of the experiments, from the rows that `experiment` wrote.

python -m stancewire.training.plots training/experiments.jsonl --curve seeds
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from stancewire import Tagger
from stancewire.labels import LabelledSentence, read_labelled

from .calibrate import calibration_error
from .calibrate import reliability as reliability_bins
from .judge import tag_whole

Rows = Sequence[Mapping[str, Any]]


@click.command()
@click.argument("rows", type=click.Path(exists=True, path_type=Path))
@click.option("--curve", type=click.Path(path_type=Path), help="folder for learning-curve.svg")
@click.option(
    "--reliability",
    type=(click.Path(exists=True, path_type=Path), click.Path(path_type=Path)),
    help="labelled sentences, and the folder for reliability.svg",
)
def main(rows: Path, curve: Path | None, reliability: tuple[Path, Path] | None) -> None:
    """Prints the experiments in ROWS as a table in Markdown, and draws what is asked for."""
    read = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    click.echo(table(read))
    if curve:
        draw_curve(read, curve / "learning-curve.svg")
    if reliability:
        draw_reliability(read_labelled(reliability[0]), reliability[1] / "reliability.svg")


def table(rows: Rows) -> str:
    """One line for each name, the mean over its seeds and, from two seeds on, the spread."""
    by_name = defaultdict(list)
    for row in rows:
        by_name[row["name"]].append(row)
    lines = [
        "| run | learned | seeds | dev macro-F1 | accuses P / R | denies P / R | warns P / R "
        "| source | target | claim | held out | seeds' development |",
        "| --- " * 12 + "|",
    ]
    for name, same in by_name.items():
        cells = [name, f"{same[0]['learned']:,}", str(len(same)), _mean(same, "dev", "macro_f1")]
        cells += [
            " / ".join(_mean(same, "dev", f"{stance}_{part}") for part in ("precision", "recall"))
            for stance in ("accuses", "denies", "warns")
        ]
        cells += [
            " / ".join(_mean(same, "dev", f"{role}_{kind}_f1") for kind in ("exact", "overlap"))
            for role in ("source", "target", "claim")
        ]
        cells += [_mean(same, part, "macro_f1") for part in ("held_out", "development")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _mean(rows: Rows, part: str, figure: str) -> str:
    values = [row[part][figure] for row in rows if part in row]
    if not values:
        return ""
    spread = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{spread}"


def draw_curve(rows: Rows, path: Path) -> None:
    """Draws dev figures against the number of seeds, from rows named seeds-N and staged-N."""
    figures = {
        "macro-F1": "macro_f1",
        "accuses F1": "accuses_f1",
        "denies F1": "denies_f1",
        "warns F1": "warns_f1",
        "source F1, exact": "source_exact_f1",
        "target F1, exact": "target_exact_f1",
    }
    drawn, axes = pyplot().subplots(2, 3, figsize=(9, 5), sharex=True, layout="constrained")
    for axis, (title, figure) in zip(axes.flat, figures.items(), strict=True):
        for kind, label, mark in (("seeds", "seeds alone", "o"), ("staged", "then real", "s")):
            points = sorted(
                (int(row["name"].split("-")[1]), row["dev"][figure])
                for row in rows
                if row["name"].startswith(f"{kind}-")
            )
            axis.plot(*zip(*points, strict=True), marker=mark, label=label)
        axis.set_title(title, fontsize=10)
        axis.grid(alpha=0.3)
        axis.set_ylim(bottom=0)
    axes[0, 0].legend(fontsize=8)
    for axis in axes[1]:
        axis.set_xlabel("seeds written so far")
    drawn.savefig(path, metadata={"Date": None})


def draw_reliability(gold: Sequence[LabelledSentence], path: Path) -> None:
    """Draws how often the shipped model's stances of each score are right."""
    bins = reliability_bins(gold, tag_whole(Tagger.load(), gold))
    drawn, axis = pyplot().subplots(figsize=(4, 4), layout="constrained")
    axis.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axis.plot([b.score for b in bins], [b.right for b in bins], marker="o")
    for one in bins:
        axis.annotate(f"{one.count}", (one.score, one.right), fontsize=7,
                      xytext=(4, -9), textcoords="offset points")  # fmt: skip
    axis.set_xlabel("score of a stance")
    axis.set_ylabel("part that is right")
    axis.set_title(f"calibration error {calibration_error(bins):.3f}", fontsize=10)
    drawn.savefig(path, metadata={"Date": None})


def pyplot() -> Any:
    """matplotlib for pictures that come out the same every time."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "stancewire"  # the same picture every time
    from matplotlib import pyplot as plots

    return plots


if __name__ == "__main__":
    main()
