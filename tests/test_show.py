"""An article on the terminal."""

import io
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from stancewire import Span, Stance, TaggedSentence
from stancewire.documents import Article
from stancewire.show import running_text, show
from stancewire.table import printable
from terminal import on_terminal

TEXT = "It rained.\n\nOslo said Moscow had jammed signals. “No,” said Moscow."


def span(words: str) -> Span:
    at = TEXT.index(words)
    return Span(words, at, at + len(words))


def tagged() -> list[TaggedSentence]:
    accuses = Stance(
        "accuses", 0.91, (span("Oslo"),), (span("Moscow"),), (span("Moscow had jammed signals"),)
    )
    sentences = (("It rained.", ()), ("Oslo said Moscow had jammed signals.", (accuses,)))
    return [
        TaggedSentence(text, TEXT.index(text), TEXT.index(text) + len(text), "", 0.9, {}, stances)
        for text, stances in sentences
    ]


def shown(text: str = TEXT, color_system: str | None = None) -> str:
    out = io.StringIO()
    console = Console(
        file=out, width=60, highlight=False, force_terminal=color_system is not None,
        color_system=color_system,  # type: ignore[arg-type]
    )  # fmt: skip
    show(console, Article("a.txt", text, "A title"), tagged())
    return out.getvalue()


def test_brackets_where_there_are_no_styles() -> None:
    out = shown()
    assert "A title" in out
    assert "\x1b" not in out
    assert (
        "It rained.\n\n[source: Oslo] said [claim: [target: Moscow] had jammed signals]. "
        "‹1 accuses 0.91› “No,” said Moscow." in out
    )


def test_styles_leave_the_text_as_it_is() -> None:
    text = running_text(TEXT, tagged())
    assert text.plain.replace(" ‹1 accuses 0.91›", "") == TEXT
    styles = {(text.plain[s.start : s.end], str(s.style)) for s in text.spans}
    assert ("Oslo", "red bold") in styles
    assert ("Moscow", "red underline") in styles
    assert ("Moscow had jammed signals", "red italic") in styles
    out = shown(color_system="truecolor")
    assert "\x1b[1;31mOslo" in out
    assert "in the colour of the stance" in out


def test_nothing_in_an_article_steers_the_terminal() -> None:
    text = "Oslo \x1b[31m\x1b]0;title\x07 \x9b2J \u202eturned\u202c\r\n\x00\x7f ok\t."
    safe = printable(text)
    assert len(safe) == len(text)
    assert not [mark for mark in safe if ord(mark) < 32 and mark not in "\t\n"]
    assert not set("\x1b\x9b\u202e\u202c\x7f") & set(safe)
    assert "\x1b" not in shown(TEXT + text)


def stancewire(*arguments: object, stdin: bytes = b"", status: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "stancewire", *map(str, arguments)],
        input=stdin, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    assert done.returncode == status, err
    return out, err


def test_command(examples: Path, tmp_path: Path) -> None:
    out, err = stancewire("show", examples / "strait.txt")
    assert err == ""
    assert "[source: Ostrava Nova] denied [target: laying the mines]" in out
    assert "Talks between the two governments" in out  # what has no stance is there too
    out, _ = stancewire("show", "-", stdin=b"Der Hafen ist zu und das Wetter bleibt. " * 9)
    assert "does not look English" in out
    _, err = stancewire("show", tmp_path / "gone.txt", status=1)
    assert "gone.txt: no such file" in err
    _, err = stancewire("show", examples / "dam.txt", "--model", tmp_path, status=2)
    assert "not a stancewire model" in err


def test_terminal_gets_colour(examples: Path) -> None:
    out = on_terminal("show", examples / "strait.txt", columns=100)
    assert b"\x1b[1;36mOstrava Nova\x1b[0m denied \x1b[4;36mlaying the mines" in out
