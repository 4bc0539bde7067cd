"""Spans that a tool moved: put right in one way only, or left to be named."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stancewire.labels import LabelError, read_labelled
from stancewire.moved import cuts_words, find_moved, whole_words
from stancewire.types import Span

TEXT = "“We’re done…” said Iran’s envoy, as Iran — again — denied arming Mo\u00adroni."


@pytest.mark.parametrize(
    ("words", "start", "end", "there"),
    [
        ('"We\'re done..."', 0, 15, "“We’re done…”"),  # quotes and dots
        ("Iran's envoy", 21, 33, "Iran’s envoy"),
        ("Iran -- again - denied", 38, 60, "Iran — again — denied"),
        ("denied  arming\nMoroni", 55, 75, "denied arming Mo\u00adroni"),
        ("Iran", 35, 39, "Iran"),  # twice there: the place that overlaps
    ],
)
def test_words_are_found_in_the_text_as_it_is(words: str, start: int, end: int, there: str) -> None:
    span = find_moved(words, TEXT, start, end)
    assert span is not None
    assert span.text == there == TEXT[span.start : span.end]
    assert span.start > 30 or words != "Iran"


@pytest.mark.parametrize("words", ["Peru", "", "  ", "Ira"])
def test_what_is_not_there_is_not_found(words: str) -> None:
    assert find_moved(words, "Oslo blamed Iran; Iran shrugged.", 0, 4) is None


def test_of_two_places_neither_is_taken_unless_one_overlaps() -> None:
    text = "Iran said that Iran had not."
    assert find_moved("Iran", text) is None
    assert find_moved("Iran", text, 7, 11) is None
    assert find_moved("Iran", text, 2, 25) is None
    assert find_moved("Iran", text, 14, 18) == Span("Iran", 15, 19)


@given(st.integers(-3, 3))
def test_a_span_astray_is_put_back_or_left_alone(by: int) -> None:
    text = "On Monday Oslo denied arming rebels in the far north."
    start = text.index("arming rebels")
    end = start + len("arming rebels")
    found = whole_words(text, start + by, end + by)
    assert found is None or found.text == "arming rebels"
    assert found is not None or abs(by) > 1  # off by one is always told


def test_a_missed_letter_is_added_and_an_article_is_not() -> None:
    assert whole_words("The ministry denied it.", 0, 11) == Span("ministry", 4, 12)
    assert whole_words("The ministry denied it.", 5, 12) == Span("ministry", 4, 12)
    assert cuts_words("U.S.-led raids", 0, 3)
    assert not cuts_words("U.S.-led raids", 0, 4)


def test_reading_repairs_only_where_it_is_asked_to(tmp_path: Path) -> None:
    text = "“Never,” said Calvera, which Ostrava Nova had blamed."
    rows = [
        {"text": text, "stances": [{"stance": "accuses", "target": [
            {"text": "Calvera", "start": 15, "end": 22}], "source": ["Ostrava  Nova"]}]},
        {"text": "Oslo and Oslo.", "stances": [{"stance": "accuses", "target": [
            {"text": "Oslo", "start": 5, "end": 9}]}]},
    ]  # fmt: skip
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with pytest.raises(LabelError, match=r"a\.jsonl:1: source 'Ostrava  Nova' is not in"):
        read_labelled(path)
    repaired: list[str] = []
    problems: list[str] = []
    (sentence,) = read_labelled(path, problems=problems, repaired=repaired)
    spans = sentence.stances[0].spans
    assert spans["target"] == (Span("Calvera", 14, 21),)
    assert spans["source"] == (Span("Ostrava Nova", 29, 41),)
    assert len(repaired) == 2
    assert "a.jsonl:1: target 'Calvera' at 15 to 22 was read at 14 to 21" in repaired[1]
    assert len(problems) == 1
    assert "a.jsonl:2: target 'Oslo' is not at 5 to 9" in problems[0]


def test_spreadsheet_that_straightened_the_quotes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        'text,stance,target\n"“It’s Calvera’s doing,” Ostrava said.",accuses,Calvera\'s doing\n',
        encoding="utf-8",
    )
    repaired: list[str] = []
    (sentence,) = read_labelled(path, repaired=repaired)
    assert sentence.stances[0].spans["target"][0].text == "Calvera’s doing"
    assert len(repaired) == 1


def test_a_fifth_stance_is_refused_with_what_it_would_take(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x", "stance": "praises"}\n', encoding="utf-8")
    with pytest.raises(LabelError, match=r"a\.jsonl:1: unknown stance 'praises'.*set is fixed"):
        read_labelled(path)
