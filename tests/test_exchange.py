"""Labels out to annotation tools and back."""

import contextlib
import copy
import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stancewire import seeds
from stancewire.labels import LabelError, LabelledSentence, LabelledStance, find_span, read_labelled
from stancewire.training import doccano, label_studio, prodigy
from stancewire.training.exchange import (
    FORMATS,
    ExchangeError,
    format_for,
    read_exports,
    read_tasks,
    tasks_text,
)
from stancewire.training.merge import merge
from stancewire.training.tasks import MARKS, Reading, Task, Untouched, marks
from stancewire.types import CHANNELS, ROLES, STANCES, Span

DATA = Path(__file__).parent / "data"
TEXT = "Oslo and Riga accused Calvera of mining the “Strait” 🚢, which it denied."
ABOUT = {"id": "a:0", "article": "a.txt", "start": 0, "end": len(TEXT)}


def span(words: str, text: str = TEXT) -> Span:
    return find_span(words, text)


def stance(name: str, cue: str = "", **parts: list[str]) -> LabelledStance:
    roles = [role for role in ROLES if (name, role) in CHANNELS]
    return LabelledStance(name, {r: tuple(map(span, parts.get(r, ()))) for r in roles}, cue)


STANCES_OF_TEXT = (
    stance("accuses", "accused", source=["Oslo", "Riga"], target=["Calvera"],
           claim=["mining the “Strait”"]),
    stance("denies", source=["it"], target=["mining the “Strait”"]),
)  # fmt: skip
BARE = (stance("warns"),)


def there_and_back(
    folder: Path, form: str, *tasks: Task, approved: bool = False
) -> list[Reading | Untouched]:
    path = folder / f"anna{FORMATS[form]}"
    path.write_bytes(tasks_text(tasks, form).encode())
    return read_exports(path, approved=approved)


def told(stances: tuple[LabelledStance, ...]) -> dict[str, tuple[dict[str, set[Span]], str]]:
    return {s.stance: ({r: set(found) for r, found in s.spans.items()}, s.cue) for s in stances}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("stances", [STANCES_OF_TEXT, BARE, ()])
def test_labels_come_back_as_they_went(
    tmp_path: Path, form: str, stances: tuple[LabelledStance, ...]
) -> None:
    (read,) = there_and_back(tmp_path, form, Task(TEXT, ABOUT, stances, done=True))
    assert isinstance(read, Reading)
    assert read.annotator == "anna"
    assert read.sentence.text == TEXT
    assert read.sentence.id == "a:0"
    assert {key: read.sentence.more[key] for key in ("article", "start", "end")} == {
        "article": "a.txt", "start": 0, "end": len(TEXT),
    }  # fmt: skip
    expected = told(stances)
    if form == "csv":  # has no place for cues
        expected = {name: (spans, "") for name, (spans, _) in expected.items()}
    assert told(read.sentence.stances) == expected


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("stances", [STANCES_OF_TEXT, BARE, (), None])
def test_a_guess_that_nobody_looked_at_is_no_label(
    tmp_path: Path, form: str, stances: tuple[LabelledStance, ...] | None
) -> None:
    (read,) = there_and_back(tmp_path, form, Task(TEXT, ABOUT, stances))
    assert isinstance(read, Untouched)


@pytest.mark.parametrize("form", FORMATS)
def test_without_the_guess_nothing_gives_it_away(form: str) -> None:
    about = {**ABOUT, "scores": {"accuses": 0.91}, "why": "uncertain: accuses", "model": "f00"}
    written = tasks_text([Task(TEXT, about, STANCES_OF_TEXT).blind()], form)
    for telling in ("0.91", "uncertain", "f00", "accuses", "denies"):
        assert telling not in written
    assert "a.txt" in written


@pytest.mark.parametrize("form", ["label-studio", "doccano", "prodigy"])
def test_all_seeds_go_through_every_tool(tmp_path: Path, form: str) -> None:
    every = seeds.load()[::25]
    tasks = [Task(one.text, {"id": one.id, **one.more}, one.stances, done=True) for one in every]
    read = there_and_back(tmp_path, form, *tasks)
    assert len(read) == len(every)
    for one, back in zip(every, read, strict=True):
        assert isinstance(back, Reading)
        assert back.sentence.labels == one.labels
        for name, role in CHANNELS:
            assert spans_of(back.sentence, name, role) == spans_of(one, name, role)
        assert back.sentence.more == one.more


def spans_of(sentence: LabelledSentence, name: str, role: str) -> set[Span]:
    return {s for one in sentence.stances if one.stance == name for s in one.spans[role]}


WORDS = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(WORDS, st.data())
def test_any_text_and_any_whole_words(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], data: Any
) -> None:
    from stancewire.words import word_spans

    text = " ".join(words).strip()
    bounds = word_spans(text)
    if not bounds:
        return
    form = data.draw(st.sampled_from(["jsonl", "label-studio", "doccano", "prodigy"]))
    spans: dict[str, tuple[Span, ...]] = {}
    for role in ROLES:
        first = data.draw(st.integers(0, len(bounds) - 1))
        last = data.draw(st.integers(first, len(bounds) - 1))
        start, end = bounds[first][0], bounds[last][1]
        spans[role] = (Span(text[start:end], start, end),) if data.draw(st.booleans()) else ()
    task = Task(text, ABOUT, (LabelledStance("accuses", spans),), done=True)
    (read,) = there_and_back(tmp_path_factory.mktemp("any"), form, task)
    assert isinstance(read, Reading)
    assert read.sentence.text == text
    assert read.sentence.stances[0].spans == spans


def test_every_pair_has_one_label_and_every_label_a_colour() -> None:
    assert len(MARKS) == len(set(MARKS)) == len(CHANNELS) + len(STANCES)
    config = label_studio.config()
    assert [config.count(f'value="{mark}"') for mark in MARKS] == [1] * len(MARKS)
    assert [item["text"] for item in doccano.config()] == [*MARKS, "neutral"]
    assert prodigy.config().split(",") == list(MARKS)


def test_prodigy_tokens_hold_every_span() -> None:
    row = prodigy.to_row(Task(TEXT, ABOUT, STANCES_OF_TEXT))
    tokens = row["tokens"]
    assert [token["id"] for token in tokens] == list(range(len(tokens)))
    for token in tokens:
        assert TEXT[token["start"] : token["end"]] == token["text"]
    assert len(row["spans"]) == len(marks(TEXT, STANCES_OF_TEXT))
    for item in row["spans"]:
        assert tokens[item["token_start"]]["start"] == item["start"]
        assert tokens[item["token_end"]]["end"] == item["end"]


def test_label_studio_prediction_is_valid_for_its_configuration() -> None:
    about = {**ABOUT, "scores": {"accuses": 0.7, "neutral": 0.3}, "model": "f00"}
    (prediction,) = label_studio.to_row(Task(TEXT, about, STANCES_OF_TEXT[:1]))["predictions"]
    assert prediction["score"] == 0.7
    assert prediction["model_version"] == "stancewire f00"
    for region in prediction["result"]:
        assert (region["from_name"], region["to_name"], region["type"]) == (
            "parts", "text", "labels",
        )  # fmt: skip
        value = region["value"]
        assert TEXT[value["start"] : value["end"]] == value["text"]
        assert set(value["labels"]) <= set(MARKS)


# What a Label Studio 1.23.2 gave back that two people had labelled in.


@pytest.mark.parametrize("name", ["label-studio.json", "label-studio-min.json"])
def test_export_of_a_real_label_studio(name: str) -> None:
    repaired: list[str] = []
    read = read_exports(DATA / name, repaired=repaired)
    readings = [one for one in read if isinstance(one, Reading)]
    assert len(readings) == 15
    assert {one.annotator for one in readings} == {"1", "2"}
    by = {(one.sentence.id, one.annotator): one.sentence for one in readings}
    assert by["examples/strait.txt:0", "1"].labels == {"accuses"}
    assert by["examples/strait.txt:0", "2"].labels == set()  # submitted without a region
    altered = by["examples/strait.txt:556", "1"]
    assert altered.more["comment"] == "two denials in one sentence"
    assert [s.text for s in altered.stances[0].spans["source"]] == ["Liesl Brandauer"]
    (sues,) = by["examples/harbour.html:0", "1"].stances
    assert sues.cue == "sues"
    (line,) = repaired
    assert "'fisherme', was read as 'fishermen'" in line
    assert "(task 14), annotation 16 by 2" in line
    for one in readings:
        start, end = one.sentence.more["start"], one.sentence.more["end"]
        assert end - start == len(one.sentence.text)


def test_real_label_studio_tells_skipped_from_not_looked_at() -> None:
    read = read_exports(DATA / "label-studio.json")
    why = [one.why for one in read if isinstance(one, Untouched)]
    assert sorted(why) == ["not looked at"] * 3 + ["skipped"]


def test_label_studio_counts_an_emoji_as_one_character() -> None:
    (read,) = read_exports(DATA / "label-studio-by-hand.json")
    assert isinstance(read, Reading)
    assert read.sentence.stances[0].spans["source"] == (Span("Ostrava Nova", 24, 36),)


# What a doccano 1.8.4 gave back: all examples, and those that were approved.


def test_export_of_a_real_doccano() -> None:
    repaired: list[str] = []
    read = read_exports(DATA / "doccano.jsonl", repaired=repaired)
    altered, marked_neutral = (one for one in read if isinstance(one, Reading))
    assert altered.sentence.more["comment"] == "a headline"
    assert [s.text for s in altered.sentence.stances[0].spans["target"]] == ["Gulf of Marrow"]
    assert marked_neutral.sentence.labels == set()
    assert len(read) == 8
    approved = read_exports(DATA / "doccano-approved.jsonl", approved=True)
    labels = [one.sentence.labels for one in approved if isinstance(one, Reading)]
    assert labels == [{"accuses"}, set(), {"accuses"}]
    assert repaired == []


# The forms that doccano has had.


@pytest.mark.parametrize(
    "row",
    [
        {"id": 7, "text": TEXT, "label": [[0, 4, "accuses_source"]], "Comments": ["sure?"]},
        {"id": 7, "data": TEXT, "label": [[0, 4, "accuses_source"]]},
        {"id": 7, "text": TEXT, "labels": [[0, 4, "accuses_source"]], "meta": {}},
        {"id": 7, "text": TEXT, "entities": [
            {"id": 1, "label": "accuses_source", "start_offset": 0, "end_offset": 4}],
         "relations": []},
        {"doc_id": 7, "text": TEXT, "entities": [[0, 4, "Accuses source"]], "username": "bob"},
        {"id": 7, "text": TEXT, "annotations": [
            {"label": "accuses_source", "start_offset": 0, "end_offset": 4, "user": 1}]},
    ],
)  # fmt: skip
def test_doccano_forms(tmp_path: Path, row: dict[str, Any]) -> None:
    path = tmp_path / "anna.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    (read,) = read_exports(path)
    assert isinstance(read, Reading)
    assert read.sentence.stances[0].spans["source"] == (Span("Oslo", 0, 4),)
    assert read.annotator == row.get("username", "anna")
    assert read.sentence.more.get("comment") == ("sure?" if "Comments" in row else None)


def test_doccano_says_who_looked_only_by_what_changed(tmp_path: Path) -> None:
    guess = [[0, 4, "accuses_source"]]
    rows = [
        {"text": TEXT, "label": guess, "guess": guess},
        {"text": "It rained. " + TEXT, "label": [], "guess": guess},  # taken away: neutral
        {"text": "It snowed.", "label": [], "guess": []},
        {"text": "It hailed.", "label": [[0, 2, "neutral"]], "guess": []},
    ]
    path = tmp_path / "all.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    read = read_exports(path)
    assert [isinstance(one, Reading) for one in read] == [False, True, False, True]
    assert all(isinstance(one, Reading) for one in read_exports(path, approved=True))


def test_prodigy_answers(tmp_path: Path) -> None:
    task = prodigy.to_row(Task(TEXT, ABOUT, ()))
    rows = [
        {**task, "answer": "accept", "_annotator_id": "set-anna", "_session_id": "set-anna"},
        {**task, "answer": "ignore"},
        {**task, "answer": "reject"},
        {**task, "answer": "accept", "_session_id": "set-bob",
         "spans": [{"start": 22, "end": 29, "label": "accuses_target", "token_start": 4}]},
    ]  # fmt: skip
    path = tmp_path / "db-out.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    one, ignored, rejected, two = read_exports(path)
    assert isinstance(one, Reading)
    assert (one.annotator, one.sentence.labels) == ("set-anna", frozenset())
    assert isinstance(ignored, Untouched)
    assert isinstance(rejected, Untouched)
    assert "does not say what is right" in rejected.why
    assert isinstance(two, Reading)
    assert two.annotator == "set-bob"
    assert two.sentence.stances[0].spans["target"] == (Span("Calvera", 22, 29),)


def test_spreadsheet(tmp_path: Path) -> None:
    tasks = [
        Task("=1+1 said Oslo, accusing Riga.", ABOUT, ()),
        Task(TEXT, ABOUT, STANCES_OF_TEXT),
        Task("'-Quoted,' said Oslo.", ABOUT, None),
    ]
    written = tasks_text(tasks, "csv")
    assert "'=1+1 said" in written  # no formula
    path = tmp_path / "anna.csv"
    path.write_text(written, encoding="utf-8")
    problems: list[str] = []
    assert read_labelled(path, problems=problems) == []  # never read as labels
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))
    assert len(problems) == len(rows) > len(tasks)  # each row by itself
    path.write_text(
        written.replace("neutral?", "neutral")
        .replace("accuses?", "Accuses")
        .replace("denies?", "denies"),
        encoding="utf-8",
    )
    rest, neutral, both = sorted(read_exports(path), key=lambda one: isinstance(one, Reading))
    assert isinstance(rest, Untouched)
    assert isinstance(neutral, Reading)
    assert neutral.sentence.text == "=1+1 said Oslo, accusing Riga."
    assert isinstance(both, Reading)
    assert told(both.sentence.stances)["denies"] == told(STANCES_OF_TEXT)["denies"]
    path.write_text(written.replace("denies?", "denies"), encoding="utf-8")
    problems = []
    read_exports(path, problems=problems)
    assert len(problems) == 1
    assert "anna.csv:3: the question mark still stands here" in problems[0]


# Bad rows: each is named, and none keeps the others from being read.

GOOD = {"text": "It rained.", "answer": "accept", "spans": []}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": TEXT, "label": [[0, 4, "praises_source"]]}, "unknown stance 'praises'"),
        ({"text": TEXT, "label": [[0, 4, "PER"]]}, "unknown stance 'per'"),
        ({"text": TEXT, "label": [[0, 4, "accuses_victim"]]}, "a stance has no 'victim'"),
        ({"text": TEXT, "label": [[0, 4, "denies_claim"]]}, "`denies` has no claim"),
        ({"text": TEXT, "label": [[0, 4, "accuses"], [5, 8, "neutral"]]}, "neutral and accuses"),
        ({"text": TEXT, "label": [[-1, 4, "warns_source"]]}, "-1 to 4 is outside"),
        ({"text": TEXT, "label": [[0, 400, "warns_source"]]}, "0 to 400 is outside"),
        ({"text": TEXT, "label": [[4, 4, "warns_source"]]}, "4 to 4 is outside"),
        ({"text": TEXT, "label": [[4, 5, "warns_source"]]}, "holds an empty span"),
        ({"text": TEXT, "label": [[7, 11, "warns_source"]]}, "cuts into a word, and more than one"),
        ({"text": TEXT, "label": [["a", 4, "warns_source"]]}, "must be [start, end, label]"),
        ({"text": TEXT, "label": ["accuses"]}, "must be [start, end, label]"),
        ({"text": TEXT, "annotations": [{"label": 2, "start_offset": 0, "end_offset": 4}]},
         "the number of a label (2)"),
        ({"text": TEXT, "answer": "maybe"}, "unknown answer 'maybe'"),
        ({"text": TEXT, "answer": "accept", "spans": [{"start": 0}]}, 'must have "start", "end"'),
        ({"answer": "accept"}, "no text"),
        ({"data": {"text": TEXT}, "annotations": 1}, "`annotations` must be a list"),
        ({"data": {"text": ""}, "annotations": []}, "no text"),
        ({"data": {"text": TEXT}, "annotations": [{"result": [
            {"type": "choices", "value": {"choices": ["a"]}}]}]}, "a region of type 'choices'"),
        ({"data": {"text": TEXT}, "annotations": [{"result": [{"type": "labels"}]}]},
         "a region without a value"),
        ({"data": {"text": TEXT}, "annotations": [{"result": [{"type": "labels", "value": {
            "start": 0, "end": 4, "text": "Peru", "labels": ["accuses_source"]}}]}]},
         "'Peru' is not at 0 to 4; it is not in the sentence"),
        ({"data": {"text": TEXT}, "annotations": [{}]}, "`result` must be a list"),
        ({"text": TEXT}, "neither `stances`"),
        ({"text": TEXT, "stances": [{"stance": "praises"}]}, "unknown stance 'praises'"),
        ([1], "is not a JSON object"),
        ("{", "is not JSON"),
    ],
)  # fmt: skip
def test_bad_rows_are_named(tmp_path: Path, row: Any, reason: str) -> None:
    path = tmp_path / "export.jsonl"
    line = row if isinstance(row, str) else json.dumps(row)
    path.write_text("\n".join([json.dumps(GOOD), line, json.dumps(GOOD)]), encoding="utf-8")
    problems: list[str] = []
    read = read_exports(path, problems=problems)
    assert len(read) == 2
    (problem,) = problems
    assert problem.startswith(f"{path}:2")
    assert reason in problem


def test_rows_of_a_json_list_are_named_by_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    good = {"id": 1, "data": {"text": TEXT}, "annotations": [{"result": []}]}
    bad = {"id": 2, "data": {}, "annotations": []}
    path.write_text(json.dumps([good, bad, 3, good], indent=1), encoding="utf-8")
    problems: list[str] = []
    assert len(read_exports(path, problems=problems)) == 2
    lines = path.read_text(encoding="utf-8").split("\n")
    second = lines.index(" {", 2)  # the object begins before its first field
    assert f"{path}:{second + 1} (task 2): no text" in problems[0]
    assert f"{path}:{lines.index(' 3,') + 1}: is not a JSON object" in problems[1]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.json", b'[{"id": 1}', "is not JSON from here on"),
        ("a.json", b"[", "is cut short"),
        ("a.json", b'[{"data": {}} {"data": {}}]', "is not JSON from here on"),
        ("a.json", b'{"id": 1}', "is not a JSON list"),
        ("a.json", b"", "is not a JSON list"),
        ("a.json", b'["\xff"]', "is not UTF-8"),
        ("a.json", b"[" * 100_000, "is not JSON"),
        ("a.zip", b"PK", "unpack it first"),
        ("a.xml", b"<a/>", "exports are read from"),
        ("a.csv", b"sentence,label\n", "the header must name"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    problems: list[str] = []
    assert read_exports(tmp_path / name, tmp_path / "gone.json", problems=problems) == []
    assert any(reason in problem and name in problem for problem in problems)
    assert "gone.json: cannot be read" in problems[-1]


def test_marks_off_by_one_are_put_right(tmp_path: Path) -> None:
    path = tmp_path / "anna.jsonl"
    start = TEXT.index("Calvera") + 1  # a mark before it was made two by the tool
    row = {"text": TEXT, "label": [[start, start + 7, "accuses_target"]]}
    path.write_text(json.dumps(row), encoding="utf-8")
    repaired: list[str] = []
    (read,) = read_exports(path, repaired=repaired)
    assert isinstance(read, Reading)
    assert read.sentence.stances[0].spans["target"] == (span("Calvera"),)
    assert "anna.jsonl:1: accuses_target" in repaired[0]


def test_several_annotators_in_one_file_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text(
        "text,stance,target,annotator\n"
        "Oslo blamed Riga.,accuses,Riga,anna\nOslo blamed Riga.,neutral,,bob\n",
        encoding="utf-8",
    )
    one, two = read_exports(path)
    assert isinstance(one, Reading)
    assert isinstance(two, Reading)
    assert (one.annotator, two.annotator) == ("anna", "bob")
    assert two.sentence.labels == set()


def test_tasks_out_of_labels_and_suggestions(tmp_path: Path) -> None:
    path = tmp_path / "to_label.jsonl"
    tasks = [Task(TEXT, ABOUT, STANCES_OF_TEXT), Task("It rained.", ABOUT, None)]
    path.write_text(tasks_text(tasks, "jsonl"), encoding="utf-8")
    assert read_tasks(path) == tasks
    (labelled, *_), short = read_tasks(seeds.files()[1]), seeds.FOLDER / "short-form.csv"
    assert labelled.done
    assert labelled.stances == seeds.load()[0].stances
    assert len(read_tasks(path, short)) == 2 + len(read_labelled(short))


def test_a_format_goes_with_its_suffix() -> None:
    assert format_for(Path("a.jsonl")) == "jsonl"
    assert format_for(Path("a.json")) == "label-studio"
    assert format_for(Path("a.csv")) == "csv"
    assert format_for(Path("a.jsonl"), "prodigy") == "prodigy"
    for path, name in [("a.jsonl", "label-studio"), ("a.xlsx", None), ("a.csv", "doccano")]:
        with pytest.raises(ExchangeError, match="does not fit"):
            format_for(Path(path), name)


# Exports in which any value is another: read or named, never a crash.

ODD = st.sampled_from([None, True, -1, 3.5, 10**30, "", "x", [], [1], {}, {"a": 1}, [[0, 4]], [{}]])
BASES: list[Any] = [
    json.loads((DATA / "label-studio.json").read_text(encoding="utf-8"))[2],
    json.loads((DATA / "label-studio-min.json").read_text(encoding="utf-8"))[1],
    doccano.to_row(Task(TEXT, ABOUT, STANCES_OF_TEXT)) | {"Comments": ["a"], "guess": []},
    prodigy.to_row(Task(TEXT, ABOUT, STANCES_OF_TEXT, done=True)),
    {"id": "a", "text": TEXT, "guess": [{"stance": "warns", "source": ["Oslo"]}]},
    {"text": TEXT, "stance": "accuses", "target": "Calvera", "annotator": "anna"},
]


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    return [at, *(place for key in keys for place in places(value[key], (*at, key)))]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_odd_values_are_read_or_named(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    row = json.loads(json.dumps(data.draw(st.sampled_from(BASES))))
    for _ in range(data.draw(st.integers(1, 2))):
        *way, last = data.draw(st.sampled_from(places(row)[1:]))
        inner = row
        for key in way:
            inner = inner[key]
        inner[last] = copy.deepcopy(data.draw(ODD))
    path = tmp_path_factory.getbasetemp() / "odd.json"
    path.write_text(json.dumps([row]), encoding="utf-8")
    lines = path.with_suffix(".jsonl")
    lines.write_text(json.dumps(row), encoding="utf-8")
    problems: list[str] = []
    read = read_exports(path, lines, problems=problems)
    assert read or problems
    assert all(str(path.parent) in problem for problem in problems)
    merge([one for one in read if isinstance(one, Reading)])
    with contextlib.suppress(LabelError):
        read_tasks(lines)
