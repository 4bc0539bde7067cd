import textwrap
import time
from pathlib import Path

import pytest
from stancewire import sentences
from stancewire.sentences import split_sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "sentences",
    [
        ["The U.S. says so.", "Gen. Mark A. Bell Jr. of the U.N. said no."],
        ["He left the U.S.", "The Kremlin denied it."],
        ["“It is dangerous. It is a threat,” he said.", "“We saw it.”", "He left."],
        ["We have been clear... that we're ready.", "It cost $1.5 million at 3 p.m. on Jan. 5."],
        ["A public signal of U.S-.U.K. support came first.", "It rained."],
        ["the company denied it.", "shares fell."],
        ["It sank at 3 p.m. Monday off Oslo.", "At 10 a.m. GMT it was raised.", "He slept."],
    ],
)
def test_splits_english(sentences: list[str]) -> None:
    assert split(" ".join(sentences)) == sentences


def test_quotation_closed_by_another_mark() -> None:
    text = 'So said Kirby. "Iran helps. It sends drones to war.” He left.'
    assert split(text)[0] == "So said Kirby."
    assert split(text)[1].startswith('"Iran helps.')


def test_overlong_quotation_is_split_and_keeps_its_marks() -> None:
    said = "We saw the boats come in at night and leave before it was light again. " * 20
    parts = split(f"“{said.strip()[:-1]},” she said.")
    assert len(parts) == 20
    assert parts[0].startswith("“We saw")
    assert parts[-1].endswith("again,” she said.")


def test_line_without_end_mark_is_not_part_of_the_next_sentence() -> None:
    for headline in ("Navy accused of mining the strait", "Navy accused " * 6):
        text = f"{headline.strip()}\nThe navy denied it on Friday."
        assert split(text) == text.split("\n")


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("width", [50, 60, 72, 80, 100, 120])
def test_wrapped_text_gives_the_sentences_of_the_plain_text(
    examples: Path, width: int, ends: str
) -> None:
    text = (examples / "strait.txt").read_text(encoding="utf-8")
    paragraphs = [p for p in text.split("\n") if p]
    wrapped = (ends * 2).join(ends.join(textwrap.wrap(p, width)) for p in paragraphs)
    plain = [" ".join(s.split()) for s in split("\n\n".join(paragraphs))]
    assert [" ".join(s.split()) for s in split(wrapped)] == plain


def page(*below: str) -> str:
    body = (
        "Calvera accused Ostrava Nova on Thursday of laying sea mines across the strait.",
        "Ostrava Nova denied laying the mines and said that its ships were all in harbour.",
        "Talks between the governments are due to resume in Lisbon on Tuesday.",
    )
    above = ("Skip to main content", "Home > News > World", "Share", "3 min read")
    headline = ("Calvera accuses Ostrava Nova of laying mines",)
    return "\n\n".join((*above, *headline, *body, *below))


def test_page_furniture_is_left_out_and_the_headline_stays() -> None:
    found = split(
        page(
            "DON'T MISS",
            "Officials accuse Tarrow judge of blocking raid",
            "UP NEXT",
            "Union warns of strike at cannery",
            "A Quillon man has been accused of arson after a camera showed him at a si...",
            "1 hour ago",
            "Odd Marl, 61, has been accused of the arson after a can was found. (Sheriff's office)",
            "Terms of use",
        )
    )
    assert found[0] == "Calvera accuses Ostrava Nova of laying mines"
    assert len(found) == 4
    assert found[-1].startswith("Talks between")


def test_paragraph_behind_furniture_stays_where_it_is_about_the_same() -> None:
    below = ["Advertisement", "Share this", "Read more", "Sign up", "Newsletter", "Follow us"]
    last = "The two governments of Calvera and Ostrava Nova said the talks would be short."
    assert split(page(*below, last))[-1] == last


def test_headlines_alone_are_all_kept() -> None:
    lines = [f"Minister number {n} resigns over ferry contract" for n in range(7)]
    lines[3] = "Who will pay for the new bridge at Lorne?"
    assert split("\n".join(lines)) == lines


def test_text_without_spaces_takes_no_more_than_its_share_of_time() -> None:
    start = time.perf_counter()
    split("He left.She came." * 8_000)
    assert time.perf_counter() - start < 5


def test_plain_article_loses_nothing() -> None:
    text = (
        "One headline here\n\nBy A. Writer\n\nThe minister denied it on Monday. He left.\n\nSubhead"
    )
    assert len(split(text)) == 5


def test_offsets_hold_in_any_script() -> None:
    text = "🇮🇷 Iran denied it. 中国外交部否认了这一指控。 قال المتحدث إنه كذب. "
    text += "e\u0301t\u00e9 \U0001f600!\u2028Next."
    bounds = split_sentences(text)
    assert all(0 <= a < b <= len(text) and text[a:b] == text[a:b].strip() for a, b in bounds)
    assert [b for _, b in bounds] == sorted(b for _, b in bounds)
    assert "".join("".join(text[a:b].split()) for a, b in bounds) == "".join(text.split())


@pytest.mark.parametrize("text", ["", "   \n\t\n", "\n" * 1000])
def test_nothing_in_nothing_out(text: str) -> None:
    assert split(text) == []


def test_real_pages(shared: Path) -> None:
    furniture = ("DON'T MISS", "UP NEXT", "Milwaukee", "Fresno", "Whoopi", "Physical Address")
    every = []
    for path in sorted((shared / "articles").glob("*.txt")):
        found = split(path.read_text(encoding="utf-8"))
        assert len(found) > 10
        assert not [s for s in found if any(mark in s for mark in furniture)]
        every += found
    assert "Iran has denied providing Russia with weapons for its war in Ukraine." in every
    assert "US and Britain Accuse Iran of Sending Russia Missiles to Use in Ukraine" in every


def test_long_lines_are_split_stretch_by_stretch(
    examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = " ".join((examples / "strait.txt").read_text(encoding="utf-8").split()) * 20
    given: list[int] = []
    split = sentences.sentencex.get_sentence_boundaries

    def watched(language: str, text: str) -> object:
        given.append(len(text))
        return split(language, text)

    monkeypatch.setattr(sentences.sentencex, "get_sentence_boundaries", watched)
    in_stretches = split_sentences(line)
    assert max(given) == sentences._STRETCH < len(line)
    monkeypatch.setattr(sentences, "_STRETCH", len(line))
    assert in_stretches == split_sentences(line)
    # without a stop anywhere, and with quotes that nothing closes, it is still one sentence
    monkeypatch.setattr(sentences, "_STRETCH", 100)
    assert split_sentences("the strait was quiet " * 20) == [(0, 419)]
    assert len(split_sentences("“the strait " * 50)) == 1
