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
from stancewire.table import show as table
from stancewire.types import Resolved
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


def test_party_and_fuller_name_stand_behind_their_words() -> None:
    text = "Ana Ruiz left. She accused Moscow of it."
    ruiz = Resolved("Ana\n\x1bRuiz", 0, 8, 0)  # as it might stand in an article
    she = Span("She", 15, 18, "NOR", ruiz)
    moscow = Span("Moscow", 27, 33, "RUS")
    accuses = Stance("accuses", 0.9, (she,), (moscow,), (Span("Moscow of it", 27, 39),))
    warns = Stance("warns", 0.8, (she,), (Span("it", 37, 39),))
    sentence = TaggedSentence(text[15:], 15, 40, "accuses", 0.9, {}, (accuses, warns))
    assert running_text(text, [sentence], styled=False).plain == (
        "Ana Ruiz left. [source: She → Ana ␛Ruiz (NOR)] accused [claim: [target: Moscow (RUS)] of "
        "[target: it]]. ‹0 accuses 0.90› ‹0 warns 0.80›"
    )
    styled = running_text(text, [sentence])
    assert "She → Ana ␛Ruiz (NOR) accused Moscow (RUS) of it." in styled.plain
    dim = [styled.plain[s.start : s.end] for s in styled.spans if s.style == "dim"]
    assert dim == [" → Ana ␛Ruiz", " (NOR)", " (RUS)"]
    out = io.StringIO()
    table(Console(file=out, width=200), "a", [sentence])
    assert "She → Ana ␛Ruiz (NOR)" in out.getvalue()
    assert "Moscow (RUS)" in out.getvalue()


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
