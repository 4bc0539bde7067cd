"""An article on a terminal: its stances in a table, then its text with the spans marked in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from . import table
from .documents import Article
from .language import looks_english
from .types import ROLES, TaggedSentence


def show(console: Console, article: Article, sentences: Sequence[TaggedSentence]) -> int:
    """Prints an article and returns how many stances it has.

    Spans are told apart by colour and by bold, underlined and italic letters; where the
    output takes no styles, a pipe or a plain terminal, by words in brackets.
    """
    styled = console.color_system is not None
    count = table.show(console, article.title or article.name, sentences)
    if not looks_english(article.text):
        console.print("This does not look English; what was found in it means nothing.")
    if count and styled:
        roles, stances = (
            Text(", ").join(Text(name, style=style) for name, style in styles.items())
            for styles in (table.ROLE_STYLES, table.COLOURS)
        )
        console.print(roles, "in the colour of the stance:", stances)
    console.print()
    text = running_text(article.text, sentences, styled)
    if console.is_terminal:
        console.print(text, overflow="fold")
    else:
        console.print(text, soft_wrap=True)  # what reads a pipe wraps lines itself
    return count


def running_text(text: str, sentences: Sequence[TaggedSentence], styled: bool = True) -> Text:
    """The text with the spans of its stances marked, and each stance named behind its sentence.

    Behind a span stand the fuller name that it goes back to and the party that it speaks for:
    "he → Ana Ruiz", "Oslo (NOR)". Without `styled`, a span stands in brackets after its role:
    "[source: Oslo (NOR)]".
    """
    shown = Text(table.printable(text))
    notes: dict[int, list[Text | str]] = {}  # what to put in, by its place
    said: dict[tuple[int, int], dict[str, None]] = defaultdict(dict)  # of a span, each once
    for number, sentence in enumerate(sentences):
        placed = set()
        for stance in sentence.stances:
            colour = table.COLOURS[stance.stance]
            for role in ROLES:
                for span in getattr(stance, role):
                    shown.stylize(f"{colour} {table.ROLE_STYLES[role]}", span.start, span.end)
                    placed.add((role, span.start, span.end))
                    said[span.start, span.end] |= dict.fromkeys(table.told(span))
            note = Text(f" ‹{number} {stance.stance} {stance.score:.2f}›", style=colour)
            notes.setdefault(sentence.end, []).append(note)
        # a span that holds another opens before it and closes after it
        for role, start, end in sorted(placed, key=lambda p: (p[1] - p[2], ROLES.index(p[0]))):
            if not styled:
                notes.setdefault(start, []).append(f"[{role}: ")
                notes.setdefault(end, []).insert(0, "]")
            for words in reversed(said.pop((start, end), {})):
                notes.setdefault(end, []).insert(0, Text(f" {words}", style="dim"))
    marked, place = Text(), 0
    for at in sorted(notes):
        marked.append(shown[place:at])
        marked = Text.assemble(marked, *notes[at])
        place = at
    marked.append(shown[place:])
    return marked
