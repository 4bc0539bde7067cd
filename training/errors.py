"""What kinds of errors a model makes on labelled sentences, counted.

python -m stancewire.training.errors ../shared/eval/dev.jsonl
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
from stancewire import Tagger
from stancewire.labels import LabelledSentence, read_labelled
from stancewire.types import ROLES, STANCES, Span, TaggedSentence

from .judge import tag_whole

KINDS = (
    "right",
    "boundary only",  # the right place, other words
    "wrong place",  # a part was found, elsewhere
    "missed",  # the stance was found, this part of it was not
    "stance missed",
    "made up",  # a part that nobody marked
    "stance made up",
)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--model", type=click.Path(path_type=Path), help="a model folder  [default: shipped]")
def main(files: tuple[Path, ...], model: Path | None) -> None:
    """Prints errors by kind for FILES as two tables in Markdown."""
    gold = read_labelled(*files)
    tagged = tag_whole(Tagger.load(model), gold)
    click.echo("| stance | found | missed | made up | of these beside another stance |")
    click.echo("| --- | --- | --- | --- | --- |")
    for stance, row in of_stances(gold, tagged).items():
        click.echo(f"| {stance} | {row['found']} | {row['missed']} | {row['made up']} | "
                   f"{row['beside']} |")  # fmt: skip
    click.echo("\n| part | " + " | ".join(KINDS) + " |\n" + "| --- " * (len(KINDS) + 1) + "|")
    for role, row in of_spans(gold, tagged).items():
        click.echo(f"| {role} | " + " | ".join(str(row[kind]) for kind in KINDS) + " |")


def of_stances(
    gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]
) -> dict[str, Counter[str]]:
    """Stances found, missed and made up; "beside": errors where another stance is right."""
    counts = {stance: Counter[str]() for stance in STANCES}
    for right, guess in zip(gold, tagged, strict=True):
        have = {found.stance for found in guess.stances}
        for stance in have | right.labels:
            kind = "missed" if stance not in have else "made up"
            kind = "found" if stance in have & right.labels else kind
            counts[stance][kind] += 1
            counts[stance]["beside"] += kind != "found" and bool(have & right.labels)
    return counts


def of_spans(
    gold: Sequence[LabelledSentence], tagged: Sequence[TaggedSentence]
) -> dict[str, Counter[str]]:
    """The fate of every marked span, and of predicted ones where none is marked, by role."""
    counts = {role: Counter[str]() for role in ROLES}
    for right, guess in zip(gold, tagged, strict=True):
        found = {stance.stance: stance for stance in guess.stances}
        for role in ROLES:
            for stance in STANCES:
                if right.places(stance, role) is None:
                    continue  # nobody was asked for it
                wanted = {
                    span
                    for one in right.stances
                    if one.stance == stance
                    for span in one.spans.get(role, ())
                }
                had = set(getattr(found[stance], role)) if stance in found else set()
                for span in wanted:
                    counts[role][_fate(span, had, stance in found)] += 1
                if stance not in right.labels:
                    counts[role]["stance made up"] += len(had)
                elif not wanted:
                    counts[role]["made up"] += len(had)
    return counts


def _fate(span: Span, had: set[Span], stance_found: bool) -> str:
    if not stance_found:
        return "stance missed"
    if span in had:
        return "right"
    if any(other.start < span.end and span.start < other.end for other in had):
        return "boundary only"
    return "wrong place" if had else "missed"


if __name__ == "__main__":
    main()
