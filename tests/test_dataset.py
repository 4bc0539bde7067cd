"""The seeds as a dataset: loaded by `datasets`, described by their card, exported."""

import csv
import json
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import datasets
import pytest
from stancewire import seeds
from stancewire.labels import LabelledSentence, read_labelled, read_row
from stancewire.seeds import stats
from stancewire.training import dataset, release
from stancewire.training.conll import to_conll
from stancewire.types import CHANNELS, LABELS
from stancewire.words import word_spans
from terminal import stancewire

CARD = (seeds.FOLDER / "README.md").read_text(encoding="utf-8")
TEXT = "Oslo and Riga accused Calvera of mining the Strait, which it denied."


@pytest.fixture(scope="module")
def every() -> list[LabelledSentence]:
    return seeds.load()


@pytest.fixture(scope="module")
def few(every: list[LabelledSentence]) -> list[LabelledSentence]:
    """Some of every round, all with two stances of a kind or spans that overlap among them."""
    return [
        one for i, one in enumerate(every)
        if i % 50 == 0 or len(one.stances) > len(one.labels) or len(shared_words(one)) > 0
    ]  # fmt: skip


def places(sentence: LabelledSentence, stance: str, role: str) -> list[tuple[int, int]]:
    return sorted(
        {
            (span.start, span.end)
            for item in sentence.stances
            if item.stance == stance
            for span in item.spans.get(role, ())
        }
    )


def shared_words(sentence: LabelledSentence) -> list[tuple[str, str]]:
    """The parts in which two spans overlap."""
    found = []
    for stance, role in CHANNELS:
        spans = places(sentence, stance, role)
        if any(end > start for (_, end), (start, _) in pairwise(spans)):
            found.append((stance, role))
    return found


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the fields that its file does not have."""
    row = {key: value for key, value in row.items() if value is not None and key != "labels"}
    row["stances"] = [{k: v for k, v in s.items() if v is not None} for s in row["stances"]]
    return row


# Loading


def test_plain_json_loads_every_row_as_it_is(tmp_path: Path) -> None:
    files = sorted(str(path) for path in seeds.FOLDER.glob("round-*.jsonl"))
    found = datasets.load_dataset("json", data_files=files, cache_dir=str(tmp_path))["train"]
    written = [json.loads(line) for path in files for line in Path(path).read_bytes().splitlines()]
    assert len(found) == len(written) == len(seeds.load())
    assert [plain(row) for row in found] == written
    assert set(found.features) == set(dataset.features())
    assert found[0]["like"] == 348  # a number, not a string
    typed = datasets.load_dataset(
        "json", data_files=files[:3], features=dataset.features(), cache_dir=str(tmp_path)
    )["train"]
    assert typed.features == dataset.features()
    assert [plain(row) for row in typed] == written[: len(typed)]


def test_the_folder_loads_by_its_card(tmp_path: Path) -> None:
    found = datasets.load_dataset(str(seeds.FOLDER), cache_dir=str(tmp_path))
    assert {name: len(rows) for name, rows in found.items()} == {"seeds": len(seeds.load())}
    assert found["seeds"].features == dataset.features()


def test_builder_has_the_splits_of_the_list(tmp_path: Path, every: list[LabelledSentence]) -> None:
    with (seeds.FOLDER / "splits.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["group"]: row["split"] for row in csv.DictReader(file)}
    found = dataset.load(cache_dir=tmp_path)
    for ours, name in {"train": "train", "development": "validation", "test": "test"}.items():
        expected = [one for one in every if listed[seeds.group_of(one)] == ours]
        assert found[name]["id"] == [one.id for one in expected]
        for row, one in zip(found[name].select(range(300)), expected, strict=False):
            assert plain(row) == one.to_dict()
            assert {LABELS[label] for label in row["labels"]} == (one.labels or {"neutral"})
    assert sum(map(len, found.values())) == len(every)
    assert found["test"].features["labels"].feature.names == list(LABELS)
    assert len(dataset.load("validation", tmp_path)) == len(found["validation"])
    with pytest.raises(ValueError, match="development"):
        dataset.load("development", tmp_path)


def test_builder_reads_changed_seeds_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = (seeds.FOLDER / "round-3.jsonl").read_bytes().splitlines(keepends=True)
    path = tmp_path / "round-3.jsonl"
    monkeypatch.setattr(seeds, "files", lambda: [path])
    counts = []
    for count in (200, 150):
        path.write_bytes(b"".join(written[:count]))
        counts.append(sum(map(len, dataset.load(cache_dir=tmp_path / "cache").values())))
    assert counts == [200, 150]


def test_unannotated_is_not_empty() -> None:
    row = {"text": TEXT, "stances": [{"stance": "accuses", "source": []}]}
    (stance,) = dataset._row(read_row(row))["stances"]
    assert stance["source"] == []
    assert stance["target"] is None


# The card


def test_card_counts_are_those_of_the_data(every: list[LabelledSentence]) -> None:
    counted = stats.count(every)
    assert stats.table(every) in CARD, "put in what `stancewire seeds stats --table` prints"
    rounds = re.findall(r"^\| (\d+) \| ([\d,]+) \| [^|]+ \|$", CARD, re.MULTILINE)
    assert {int(n): int(k.replace(",", "")) for n, k in rounds} == counted.rounds
    regions = [one.more["beat"] for one in every if "," in one.more["beat"]]
    over, under = sum(w > 40 for w in counted.words), sum(w < 12 for w in counted.words)
    text = " ".join(CARD.split())
    for told in (
        f"{len(every):,} of them, {sum(bool(one.stances) for one in every):,} with stances",
        f"There are {len(counted.beats):,} beats; {len(regions):,} sentences name",
        f"have {sum(counted.words) / len(every):.1f} words in the mean; "
        f"{over / len(every):.0%} have over 40, {under / len(every):.0%} under 12, and "
        f"{counted.lower_case / len(every):.0%} are in lower case".replace("%", " per cent"),
        f"{counted.lookalikes:,} of the neutral ones are look-alikes",
    ):
        assert told in text


def test_card_says_what_a_hub_wants_to_know() -> None:
    import yaml

    front = yaml.safe_load(CARD.split("---\n")[1])
    assert front["license"] == "apache-2.0"
    assert front["language"] == ["en"]
    assert front["dataset_info"]["features"] == dataset.features()._to_yaml_list()
    assert len(seeds.load()) in range(10_000, 100_000)
    assert front["size_categories"] == ["10K<n<100K"]
    for link in re.findall(r"\]\(([^)#]+)\)", CARD):
        assert (seeds.FOLDER / link).is_file(), link
    for commands in re.findall(r"`stancewire ([a-z ]+)[^`]*`", CARD):
        assert stancewire(*commands.split(), "--help").exit_code == 0, commands


# Exports


def test_jsonl_folder_loads_with_three_splits(
    tmp_path: Path, every: list[LabelledSentence]
) -> None:
    done = stancewire("seeds", "export", "--format", "jsonl", "-o", tmp_path / "out")
    assert done.exit_code == 0, done.output
    found = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {name: len(rows) for name, rows in found.items()} == {
        release.SPLIT_NAMES[split]: len(seeds.load(split)) for split in seeds.SPLITS
    }
    assert found["test"].features == dataset.features()
    assert [plain(row) for row in found["test"]] == [one.to_dict() for one in seeds.load("test")]
    for link in re.findall(r"\]\(([^)#]+)\)", CARD):
        assert (tmp_path / "out" / link).is_file(), link
    # a single split takes the place of all three, and only when it is told to
    only = ("seeds", "export", "--format", "jsonl", "-o", tmp_path / "out", "--split", "test")
    assert stancewire(*only).exit_code == 2
    assert stancewire(*only, "--overwrite").exit_code == 0
    found = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert list(found) == ["test"]
    assert not (tmp_path / "out" / "train.jsonl").exists()


def test_own_files_are_exported_whole(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        f'text,stance,source,target,note\n"{TEXT}",accuses,Oslo,Calvera,mine\n'
        f'"{TEXT}",denies,it,mining the Strait,mine\nIt rained.,neutral,,,\n',
        encoding="utf-8",
    )
    done = stancewire("seeds", "export", own, own, "--format", "jsonl", "-o", tmp_path / "out")
    assert done.exit_code == 0
    assert "written once: 2" in done.stderr
    found = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {name: rows["text"] for name, rows in found.items()} == {"train": [TEXT, "It rained."]}
    assert found["train"][0]["note"] == "mine"
    # over an export of the seeds nothing of them stays
    for files in ([], [own]):
        done = stancewire("seeds", "export", *files, "--format", "jsonl", "-o", tmp_path / "over",
                   "--overwrite")  # fmt: skip
        assert done.exit_code == 0
    assert {path.name for path in (tmp_path / "over").iterdir()} == {"train.jsonl"}
    for form, name in (("conll", "a.conll"), ("docbin", "a.spacy"), ("label-studio", "a.json")):
        done = stancewire("seeds", "export", own, "--format", form, "-o", tmp_path / name)
        assert done.exit_code == 0
        assert "2 sentences" in done.stdout
        assert ("never annotated" in done.stderr) == (form == "label-studio")


def mini_conll(text: str) -> list[tuple[dict[str, str], list[dict[str, str]]]]:
    """Sentences of a CoNLL-U Plus file as their comments and lines, by nothing of ours."""
    head, _, rest = text.partition("\n")
    columns = head.removeprefix("# global.columns = ").split()
    found = []
    for block in rest.removesuffix("\n\n").split("\n\n"):
        lines = block.split("\n")
        comments = dict(line[2:].split(" = ", 1) for line in lines if line.startswith("# "))
        cells = [line.split("\t") for line in lines[len(comments) :]]
        found.append((comments, [dict(zip(columns, row, strict=True)) for row in cells]))
    return found


def runs(lines: list[dict[str, str]], column: str) -> list[tuple[int, int]]:
    """The (start, end) of each span of a column."""
    spans: list[tuple[int, int]] = []
    for line in lines:
        start, end = int(line["STANCEWIRE:START"]), int(line["STANCEWIRE:END"])
        if line[column] == "B":
            spans.append((start, end))
        elif line[column] == "I":
            spans[-1] = (spans[-1][0], end)
        else:
            assert line[column] == "O"
    return spans


def test_conll_comes_back_word_for_word(few: list[LabelledSentence]) -> None:
    notes: list[str] = []
    found = mini_conll(to_conll(few, notes))
    assert len(found) == len(few)
    overlapping = 0
    for (comments, lines), one in zip(found, few, strict=True):
        assert comments["sent_id"] == one.id
        assert comments["text"] == one.text
        assert set(comments["labels"].split()) == (one.labels or {"neutral"})
        assert json.loads(comments["stances"]) == one.to_dict()["stances"]
        assert comments["beat"] == one.more["beat"]
        assert [line["FORM"] for line in lines] == [one.text[a:b] for a, b in word_spans(one.text)]
        assert [int(line["ID"]) for line in lines] == list(range(1, len(lines) + 1))
        for stance, role in CHANNELS:
            told = runs(lines, f"{stance}:{role}".upper())
            if (stance, role) in shared_words(one):
                overlapping += len(places(one, stance, role)) - len(told)
                assert set(told) < set(places(one, stance, role))
            else:
                assert told == places(one, stance, role)
    assert overlapping > 0
    assert len(notes) == 1
    assert notes[0].endswith(f": {overlapping}")


def test_conll_of_odd_sentences() -> None:
    text = "Riga's envoy\r\nblamed\u2028Os-lo."
    rows = [
        {"text": text, "note": "a\nb",
         "stances": [{"stance": "accuses", "source": ["Riga"], "target": ["lo"]},
                     {"stance": "denies", "source": [{"text": "env", "start": 7, "end": 10}]}]},
        {"id": "x", "text": "…", "stances": []},
    ]  # fmt: skip
    notes: list[str] = []
    first, second = mini_conll(to_conll([read_row(row) for row in rows], notes))
    assert first[0]["text"] == "Riga's envoy  blamed Os-lo."
    assert "sent_id" not in first[0]
    assert first[0]["note"] == "a b"
    assert runs(first[1], "DENIES:SOURCE") == [(7, 12)]
    assert {line["ACCUSES:CLAIM"] for line in first[1]} == {"_"}  # not annotated
    assert {line["WARNS:CLAIM"] for line in first[1]} == {"O"}
    assert [line["FORM"] for line in second[1]] == ["…"]
    assert notes == ["spans that cut into words, widened to whole words: 1"]


def test_docbin(tmp_path: Path, few: list[LabelledSentence]) -> None:
    import spacy
    from spacy.tokens import DocBin

    path = tmp_path / "few.spacy"
    notes = release.write(release.with_splits(few), path, "docbin")
    docs = list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))
    assert len(docs) == len(few)
    widened = 0
    for doc, one in zip(docs, few, strict=True):
        assert doc.text == one.text
        assert {name for name, value in doc.cats.items() if value == 1.0} == one.labels
        assert set(doc.cats) == set(LABELS) - {"neutral"}
        assert doc.user_data["id"] == one.id
        # msgpack makes tuples of lists
        assert json.loads(json.dumps(doc.user_data["stances"])) == one.to_dict()["stances"]
        assert doc.user_data["split"] == seeds.split_of(seeds.group_of(one))
        total = 0
        for stance, role in CHANNELS:
            label = f"{stance}:{role}"
            group = doc.spans.get(label, [])
            told = [(span.start_char, span.end_char) for span in group]
            assert {span.label_ for span in group} <= {label}
            assert len(told) == len(places(one, stance, role))
            for (first, last), (start, end) in zip(told, places(one, stance, role), strict=True):
                assert first <= start
                assert end <= last
                widened += (first, last) != (start, end)
            total += len(told)
        assert len(doc.spans["sc"]) == total
    assert sum(f": {widened}" in note for note in notes) == bool(widened)


def test_docbin_says_what_it_widens(tmp_path: Path) -> None:
    part = {"text": "Os", "start": 20, "end": 22}
    row = {"text": "They blamed pre\u2014war Oslo\ud83d.", "stances": [
        {"stance": "accuses", "source": ["They"], "target": [part]}
    ]}  # fmt: skip
    notes = release.write([read_row(row)], tmp_path / "a.spacy", "docbin")
    assert notes == ["spans that cut into spaCy's words, widened to whole ones: 1"]


def test_docbin_without_spacy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    done = stancewire(
        "seeds", "export", "--split", "test", "--format", "docbin", "-o", tmp_path / "a.spacy"
    )
    assert done.exit_code == 2
    assert 'pip install "stancewire[spacy]"' in done.stderr
    assert not list(tmp_path.iterdir())


def test_label_studio_comes_back_through_import(tmp_path: Path) -> None:
    out, back = tmp_path / "seeds.json", tmp_path / "back.jsonl"
    done = stancewire("seeds", "export", "--format", "label-studio", "--split", "test", "-o", out)
    assert done.exit_code == 0
    every = seeds.load("test")
    twice = [one for one in every if len(one.stances) > len(one.labels)]
    assert f"two stances of a kind, which marks tell as one: {len(twice)}" in done.stderr
    done = stancewire("labels", "import", out, "-o", back)
    assert done.exit_code == 0, done.output
    assert done.stderr == ""  # nothing put right, nothing left out
    found = {one.id: one for one in read_labelled(back)}
    assert len(found) == len(every)
    for one in every:
        assert found[one.id].text == one.text
        more = {**one.more, "split": "test", "annotators": ["seeds"]}
        assert found[one.id].more == more
        assert found[one.id].labels == one.labels
        for stance, role in CHANNELS:
            assert places(found[one.id], stance, role) == places(one, stance, role)
        if len(one.stances) == len(one.labels):
            cues = {item.stance: item.cue.lower() for item in found[one.id].stances}
            assert all(item.cue.lower() in cues[item.stance] for item in one.stances)


def test_what_cannot_be_written(tmp_path: Path) -> None:
    there = tmp_path / "there.json"
    there.write_text("mine", encoding="utf-8")
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "It rained.", "stances": []}\n{"text": "It snowed."}\n', "utf-8")
    good = seeds.FOLDER / "short-form.csv"
    for args, told in (
        (("--format", "label-studio", "-o", there), "exists already; --overwrite"),
        (("--format", "label-studio", "-o", tmp_path / "a.txt"), "must end in .json"),
        (("--format", "docbin", "-o", tmp_path / "a.bin"), "must end in .spacy"),
        (("--format", "conll", "-o", tmp_path), "must end in .conll or"),
        (("--format", "jsonl", "-o", there), "is a file; jsonl is written as a folder"),
        (("--format", "jsonl", "-o", tmp_path), "exists already; --overwrite"),
        ((good, "--format", "conll", "-o", tmp_path / "no" / "a.conll"), "No such file"),
        ((bad, "--format", "conll", "-o", tmp_path / "a.conll"), "bad.jsonl:2"),
        ((bad, "--format", "conll", "-o", tmp_path / "a.conll", "--split", "test"), "beats"),
    ):
        done = stancewire("seeds", "export", *args)
        assert done.exit_code == 2, args
        assert told in done.stderr
    assert there.read_text("utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl", "there.json"]
    done = stancewire("seeds", "export", bad.parent / "there.json", "--format", "conll", "-o",
               tmp_path / "a.conll")  # fmt: skip
    assert done.exit_code == 2
    assert "read from .jsonl or .csv" in done.stderr
