"""The table of stances that a person reads on a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .types import Span, TaggedSentence

# Distinct in brightness too, for eyes and terminals without colour; the word itself
# stands beside it anyway.
COLOURS = {"accuses": "red", "denies": "cyan", "warns": "yellow"}
ROLE_STYLES = {"source": "bold", "target": "underline", "claim": "italic"}

# What would steer a terminal, or turn the direction of what follows, is shown instead; one
# sign for one, so that offsets stay.
_STEERING = (*range(128, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SHOWN: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"},
    **dict.fromkeys(_STEERING, "�"),
    ord("\r"): " ",
    127: "␡",
}


def show(console: Console, article: str, sentences: Iterable[TaggedSentence]) -> int:
    """Prints the stances of one article as a table; returns how many there were."""
    title = Text(printable(article))
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", expand=True)
    table.add_column("no.", justify="right", style="dim", no_wrap=True)
    table.add_column("stance", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("source", ratio=2, overflow="fold")
    table.add_column("target", ratio=3, overflow="fold")
    table.add_column("claim", ratio=4, overflow="fold")
    count = read = 0
    for number, sentence in enumerate(sentences):
        read += 1
        for stance in sentence.stances:
            count += 1
            parts = [_spans(getattr(stance, role), style) for role, style in ROLE_STYLES.items()]
            if not stance.claim and stance.stance != "denies":
                # without a claim only the sentence itself says what it is about
                parts[-1] = Text(printable(" ".join(sentence.text.split())), style="dim")
            table.add_row(
                str(number),
                Text(stance.stance, style=COLOURS[stance.stance]),
                f"{stance.score:.2f}",
                *parts,
            )
    if count:
        console.print(table)
    else:
        console.print(title.copy(), style="italic")
        console.print(f"no stance found in {read} {'sentence' if read == 1 else 'sentences'}")
    return count


def printable(text: str) -> str:
    """The text with the same number of signs, none of which a terminal would obey."""
    return text.translate(_SHOWN)


def _spans(spans: tuple[Span, ...], style: str) -> Text:
    parts = [
        Text(" ").join([Text(flat(span.text), style=style), *(Text(w, "dim") for w in told(span))])
        for span in spans
    ]
    return Text("; ").join(parts) if parts else Text("–")


def told(span: Span) -> list[str]:
    """What is known of a span beyond its words: "→ Ana Ruiz", "(NOR)"."""
    fuller = [f"→ {flat(span.resolved.text)}"] if span.resolved else []
    return fuller + ([f"({span.party})"] if span.party else [])


def flat(text: str) -> str:
    """The text on one line, as it can be printed."""
    return printable(" ".join(text.split()))
