import pytest
from stancewire.words import trim, word_spans


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text)]


def test_words_keep_abbreviations_and_part_possessives() -> None:
    text = "The U.S. says Iran’s 1,200 drones, O'Brien's and Sana'a's."
    assert words(text) == [
        "The", "U.S.", "says", "Iran", "’s", "1,200", "drones", ",", "O'Brien", "'s", "and",
        "Sana'a", "'s", ".",
    ]  # fmt: skip


def test_words_keep_what_is_no_letter_but_belongs() -> None:
    assert words("E\u0301lyse\u0301e met Mos\u00adcow") == [
        "E\u0301lyse\u0301e",
        "met",
        "Mos\u00adcow",
    ]


def test_words_part_contractions_from_pronouns() -> None:
    assert words("they’ll say we're") == ["they", "’ll", "say", "we", "'re"]


@pytest.mark.parametrize(
    ("span", "kept"),
    [
        ("the United States", "United States"),
        ("“a troubling pattern”", "troubling pattern"),
        ("Iran's", "Iran"),
        ("the workers’", "workers"),
        ("the U.S.,", "U.S."),
        ("pure invention.", "pure invention"),
        ("Halcyon Co.", "Halcyon Co."),
        ("act of “religious persecution”", "act of “religious persecution”"),
        ("“rented pilots” flown from Bogotá", "“rented pilots” flown from Bogotá"),
        ("reply ‘at a time of our choosing’", "reply ‘at a time of our choosing’"),
        ("(the ministry)", "ministry"),
        ("Supo (the agency)", "Supo (the agency)"),
        ("An Najaf", "Najaf"),
        ("Theresa", "Theresa"),
        ("NATO.", "NATO"),
        ("talks …", "talks"),
        ("“the”", "the"),
        (" ,. ", ""),
    ],
)
def test_trim(span: str, kept: str) -> None:
    text = f"xx {span} yy"
    start, end = trim(text, 3, 3 + len(span))
    assert text[start:end] == kept
