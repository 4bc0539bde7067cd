import json
from pathlib import Path

import pytest
from stancewire.labels import LabelError, find_span, read_labelled
from stancewire.types import Span

TEXT = "Iran denied arming Russia, and Oslo blamed Iran."


def write(folder: Path, name: str, *rows: object) -> Path:
    path = folder / name
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_full_form(tmp_path: Path) -> None:
    row = {
        "id": "a", "text": TEXT, "beat": "b",
        "stances": [{"stance": "denies", "source": [{"text": "Iran", "start": 0, "end": 4}],
                     "target": ["arming Russia"]}],
    }  # fmt: skip
    (sentence,) = read_labelled(write(tmp_path, "a.jsonl", row))
    assert sentence.labels == {"denies"}
    assert sentence.stances[0].spans == {
        "source": (Span("Iran", 0, 4),),
        "target": (Span("arming Russia", 12, 25),),
    }  # no claim: not annotated
    assert sentence.more == {"beat": "b"}
    again = write(tmp_path, "b.jsonl", sentence.to_dict())
    assert read_labelled(again)[0].stances == sentence.stances


def test_short_forms_give_the_same_records(tmp_path: Path) -> None:
    rows = [
        {"text": TEXT, "stance": "denies", "target": "arming Russia", "source": "Iran"},
        {"text": TEXT, "stance": "accuses", "target": "Iran", "source": "Oslo"},
        {"text": "It rained.", "stance": "neutral", "target": "", "source": ""},
    ]
    in_csv = "text,stance,target,source\n" + "\n".join(
        f'"{r["text"]}",{r["stance"]},{r["target"]},{r["source"]}' for r in rows
    )
    one = read_labelled(write(tmp_path, "a.jsonl", *rows))
    two = read_labelled(write(tmp_path, "a.csv", in_csv))
    assert [(s.text, s.stances) for s in one] == [(s.text, s.stances) for s in two]
    assert one[0].labels == {"denies", "accuses"}
    assert one[1].labels == frozenset()


def test_absent_column_is_not_annotated_and_empty_cell_is_none(tmp_path: Path) -> None:
    (sentence,) = read_labelled(
        write(tmp_path, "a.csv", "text,stance,target,source", f'"{TEXT}",accuses,Iran,')
    )
    assert sentence.stances[0].spans == {"target": (Span("Iran", 0, 4),), "source": ()}


def test_the_second_mention_can_be_meant(tmp_path: Path) -> None:
    target = [{"text": "Iran", "nth": 2}]
    row = {"text": TEXT, "stances": [{"stance": "accuses", "target": target}]}
    (sentence,) = read_labelled(write(tmp_path, "a.jsonl", row))
    assert sentence.stances[0].spans["target"] == (Span("Iran", 43, 47),)


def test_csv_errors_name_the_line_behind_blank_ones(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "text,stance,target", "", "", f'"{TEXT}",praises,')
    with pytest.raises(LabelError, match=r"a\.csv:4: unknown stance"):
        read_labelled(path)


@pytest.mark.parametrize("by", [";", "\t"])
def test_csv_as_spreadsheets_of_other_countries_save_it(tmp_path: Path, by: str) -> None:
    rows = [["Text", " Stance", "Target"], ["It, rained", "neutral", ""], ["", "", ""]]
    path = write(tmp_path, "a.csv", *map(by.join, rows))
    (sentence,) = read_labelled(path)
    assert (sentence.text, sentence.stances) == ("It, rained", ())


def test_parts_of_a_guess_may_stand_beside_neutral(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "text,stance,target,claim", "It rained,neutral,It,", "Dry,, ,")
    assert [s.stances for s in read_labelled(path)] == [(), ()]


def test_span_is_found_as_whole_words() -> None:
    assert find_span("Iran", "Iranian denials; Iran left") == Span("Iran", 17, 21)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["{"], "a.jsonl:1: is not JSON"),
        (["[1]"], "a.jsonl:1: is not a JSON object"),
        ([{"stances": []}], "a.jsonl:1: no text"),
        ([{"text": "x"}], "a.jsonl:1: neither `stances`"),
        ([{"text": TEXT, "stance": "praises"}], "a.jsonl:1: unknown stance 'praises'"),
        ([{"text": TEXT, "stance": "accuses", "target": "Peru"}], "target 'Peru' is not in the"),
        (
            [{"text": TEXT, "stances": [{"stance": "accuses", "target": [
                {"text": "Iran", "start": 1, "end": 5}]}]}],
            "target 'Iran' is not at 1 to 5; it stands at 0",
        ),
        (
            [{"text": TEXT, "stances": [{"stance": "accuses", "target": [
                {"text": "Iran", "start": -48, "end": -44}]}]}],
            "target 'Iran' is not at -48 to -44",
        ),
        (
            [{"text": TEXT, "stances": [{"stance": "accuses", "target": [
                {"text": "Iran", "nth": 3}]}]}],
            "target 'Iran' is not in the sentence 3 times",
        ),
        ([{"text": TEXT, "stances": [{"stance": "accuses", "sorce": []}]}], "has no 'sorce'"),
        ([{"text": TEXT, "stances": [{"stance": "neutral"}]}], 'has "stances": []'),
        ([{"text": TEXT, "stance": "denies", "claim": "Russia"}], "`denies` has no claim"),
        ([{"text": TEXT, "stance": "", "target": "Iran"}], "has a target but no stance"),
        ([{"text": TEXT, "stance": 0}], "unknown stance 0"),
        (
            [{"text": TEXT, "stances": []}, {"text": TEXT, "stances": [{"stance": "warns"}]}],
            "a.jsonl:2: this sentence is labelled differently at",
        ),
        (
            [{"text": TEXT, "stance": "neutral"}, {"text": TEXT, "stance": "warns"}],
            "labelled neutral in one row and warns in another",
        ),
    ],
)  # fmt: skip
def test_errors_say_where_and_what(tmp_path: Path, rows: list[object], told: str) -> None:
    path = write(tmp_path, "a.jsonl", *rows)
    with pytest.raises(LabelError) as caught:
        read_labelled(path)
    assert told in str(caught.value)
    problems: list[str] = []
    read_labelled(path, problems=problems)
    assert len(problems) == 1


def test_every_wrong_row_of_a_sentence_is_named(tmp_path: Path) -> None:
    rows = ["Oslo blamed Kyiv.,accuses,Oslo", "Oslo blamed Kyiv.,accuses,Rome"]
    path = write(tmp_path, "a.csv", "text,stance,target", *rows, "Oslo blamed Kyiv.,scolds,Kyiv")
    problems: list[str] = []
    assert read_labelled(path, problems=problems) == []
    assert [line.split(": ")[1][:14] for line in problems] == ["target 'Rome' ", "unknown stance"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("sentence,label\nx,y\n", "a.csv:1: the header must name the columns"),
        ("text,stance,target,target\n", "a.csv:1: the header must name the columns"),
        ("", "a.csv:1: the header must name the columns"),
        (
            'text,stance,target\n"It, rained",neutral\n',
            "a.csv:2: 2 cells, but the header",
        ),
        ("text,stance,target\nIt, rained,neutral,,\n", "a.csv:2: 5 cells, but the header has 3"),
    ],
)
def test_csv_errors(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(LabelError) as caught:
        read_labelled(write(tmp_path, "a.csv", content))
    assert told in str(caught.value)


def test_unreadable_files(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_bytes(b'{"text": "\xff"}\n')
    for path, told in [
        (broken, "is not UTF-8"),
        (tmp_path / "none.jsonl", "cannot be read"),
        (tmp_path / "a.xlsx", "is read from .jsonl or .csv"),
    ]:
        with pytest.raises(LabelError) as caught:
            read_labelled(path)
        assert told in str(caught.value)


def test_same_sentence_with_the_same_labels_is_kept_once(tmp_path: Path) -> None:
    row = {"text": TEXT, "stances": [{"stance": "warns"}]}
    assert len(read_labelled(write(tmp_path, "a.jsonl", row, row))) == 1
