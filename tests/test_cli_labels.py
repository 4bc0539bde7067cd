"""`stancewire suggest` and `stancewire labels`, run as their users run them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"
ROWS = (
    "text,stance,source,target\n"
    "Oslo blamed Riga.,accuses,Oslo,Riga\n"
    "It rained on the docks.,neutral,,\n"
)


def stancewire(*arguments: object, status: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "stancewire", *map(str, arguments)],
        capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    assert done.returncode == status, err
    return out, err


def test_suggest_then_label_in_a_spreadsheet_then_import(examples: Path, tmp_path: Path) -> None:
    sheet, new = tmp_path / "to_label.csv", tmp_path / "new.jsonl"
    out, err = stancewire("suggest", examples, "-n", 6, "-o", sheet)
    assert "6 sentences to label" in out
    assert err == ""
    _, err = stancewire("suggest", examples, "-n", 6, "-o", sheet, status=2)
    assert "exists already, perhaps with labels in it" in err
    _, err = stancewire("train", "--data", sheet, status=2)  # nobody has looked at them
    assert "unknown stance" in err
    text = sheet.read_text(encoding="utf-8")
    sheet.write_text(text.replace("?,", ",", 1), encoding="utf-8")
    out, _ = stancewire("labels", "import", sheet, "-o", new)
    (row,) = map(json.loads, new.read_text(encoding="utf-8").splitlines())
    assert row["annotators"] == ["to_label"]
    assert row["article"].startswith(str(examples))
    assert "5 not among them: not looked at" in out
    stancewire("seeds", "check", new)
    # a sheet that was handed out holds known sentences, whether somebody has looked or not
    out, _ = stancewire("suggest", examples, "-n", 50, "-o", tmp_path / "a.csv", "--known", sheet)
    assert "6 labelled already" in out
    out, _ = stancewire("suggest", examples, "-n", 50, "-o", tmp_path / "b.jsonl", "--known", new)
    assert "1 labelled already" in out
    left = [json.loads(line) for line in (tmp_path / "b.jsonl").open(encoding="utf-8")]
    assert row["text"] not in {one["text"] for one in left}
    out, _ = stancewire(
        "suggest", examples, "-o", tmp_path / "c.jsonl", "--known", new, "--known",
        tmp_path / "b.jsonl",
    )  # fmt: skip
    assert out.startswith("0 sentences")


def test_suggest_says_what_it_could_not_read(examples: Path, tmp_path: Path) -> None:
    _, err = stancewire(
        "suggest", examples / "dam.txt", tmp_path / "gone.txt", "-o", tmp_path / "a.json",
        "--no-guess", status=1,
    )  # fmt: skip
    assert "gone.txt: no such file" in err
    tasks = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert tasks
    assert all(list(task) == ["data"] for task in tasks)
    _, err = stancewire("suggest", examples, "--format", "prodigy", "-o", "a.csv", status=2)
    assert "the suffix does not fit the format" in err


def test_import_reports_everything(tmp_path: Path) -> None:
    anna, bob, bad = (tmp_path / f"{name}.csv" for name in ("anna", "bob", "bad"))
    anna.write_text(ROWS, encoding="utf-8")
    bob.write_text(ROWS.replace("neutral", "warns"), encoding="utf-8")
    bad.write_text("text,stance,target\nOslo slept.,praises,\nOslo sat.,accuses,Peru\n")
    new = tmp_path / "new.jsonl"
    out, err = stancewire("labels", "import", anna, bob, bad, "-o", new, status=1)
    assert "bad.csv:2: unknown stance 'praises'" in err
    assert "bad.csv:3: target 'Peru' is not in the sentence" in err
    assert "2 rows were bad" in err
    assert "conflict: " in err
    assert "anna no, bob yes" in err
    assert "Krippendorff's alpha accuses 1.00" in out
    assert "1 without a majority" in out
    (row,) = map(json.loads, new.read_text(encoding="utf-8").splitlines())
    assert row["annotators"] == ["anna", "bob"]
    conflicts = tmp_path / "new.conflicts.jsonl"
    out, _ = stancewire("labels", "export", conflicts, "-o", tmp_path / "third.json")
    assert "1 sentence in" in out
    (task,) = json.loads((tmp_path / "third.json").read_text(encoding="utf-8"))
    assert list(task) == ["data"]  # no guess for the third to be swayed by


@pytest.mark.parametrize("name", ["tagged.csv", "tagged.jsonl"])
def test_what_the_model_thinks_is_not_imported_as_labels(
    examples: Path, tmp_path: Path, name: str
) -> None:
    tagged, new = tmp_path / name, tmp_path / "new.jsonl"
    stancewire("tag", examples, "-o", tagged)
    _, err = stancewire("labels", "import", tagged, "-o", new, status=2)
    assert f"{name}: is what `stancewire tag` wrote" in err
    assert "`stancewire suggest` picks sentences to label" in err
    assert "new.jsonl is not written" in err
    assert not new.exists()
    _, err = stancewire("train", "--data", tagged, status=2)
    assert "is what `stancewire tag` wrote" in err


def test_one_bad_row_and_folders_that_are_not_there(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(ROWS + "Oslo slept.,praises,,\n", encoding="utf-8")
    out, err = stancewire("labels", "import", rows, "-o", tmp_path / "new.jsonl", status=1)
    assert "2 labelled sentences" in out
    assert "1 row was bad and is left out" in err
    for command in (("suggest", rows), ("labels", "import", rows), ("labels", "export", rows)):
        _, err = stancewire(*command, "-o", tmp_path / "no" / "x.jsonl", status=2)
        assert "no: no such folder to write x.jsonl in" in err


def test_no_work_is_written_over(examples: Path, tmp_path: Path) -> None:
    sheet, new, left = (tmp_path / n for n in ("a.csv", "new.jsonl", "new.conflicts.jsonl"))
    sheet.write_text(ROWS, encoding="utf-8")
    left.write_text('{"text": "Oslo left.", "stances": []}\n', encoding="utf-8")
    _, err = stancewire("labels", "import", sheet, left, "-o", new, "--overwrite", status=2)
    assert "new.conflicts.jsonl: is input and output at once" in err
    _, err = stancewire("suggest", sheet, "-o", sheet, "--overwrite", status=2)
    assert "a.csv: is input and output at once" in err
    assert sheet.read_text(encoding="utf-8") == ROWS
    assert left.exists()


def test_a_quote_left_open_swallows_nothing(tmp_path: Path) -> None:
    sheet = tmp_path / "a.csv"
    sheet.write_text(ROWS + '"Lima left.,neutral,,\nQuito left.,neutral,,\n', encoding="utf-8")
    _, err = stancewire("labels", "import", sheet, "-o", tmp_path / "new.jsonl", status=1)
    assert "a.csv:4: is not CSV" in err


def test_sheets_of_one_name_are_of_two_people(tmp_path: Path) -> None:
    for person in ("anna", "ben"):
        (tmp_path / person).mkdir()
        (tmp_path / person / "labels.csv").write_text(ROWS, encoding="utf-8")
    sheets = [tmp_path / person / "labels.csv" for person in ("anna", "ben")]
    out, err = stancewire("labels", "import", *sheets, "-o", tmp_path / "new.jsonl")
    assert "agreement on 2 sentences that several people read" in out
    assert err == ""


def test_import_of_a_real_export_gives_labels_to_train_on(tmp_path: Path) -> None:
    new = tmp_path / "new.jsonl"
    out, err = stancewire("labels", "import", DATA / "label-studio.json", "-o", new)
    assert "9 labelled sentences" in out
    assert "agreement on 5 sentences" in out
    assert "put right" in err
    stancewire("seeds", "check", new)
    stancewire("evaluate", new)


def test_config_and_export(tmp_path: Path) -> None:
    from xml.etree import ElementTree

    tree = ElementTree.fromstring(stancewire("labels", "config")[0])
    assert len(tree.findall("Labels/Label")) == 11
    assert len(json.loads(stancewire("labels", "config", "--format", "doccano")[0])) == 12
    assert stancewire("labels", "config", "--format", "prodigy")[0].startswith("accuses_source,")
    rows, tasks = tmp_path / "rows.csv", tmp_path / "tasks.json"
    rows.write_text(ROWS, encoding="utf-8")
    _, err = stancewire("labels", "export", rows, "-o", tasks)
    assert "parts of stances never annotated: 1" in err  # there is no column for claims
    assert all("predictions" in task for task in json.loads(tasks.read_text(encoding="utf-8")))
    stancewire("labels", "export", rows, "-o", tasks, "--done", "--overwrite")
    out, _ = stancewire("labels", "import", tasks, "-o", tmp_path / "again.jsonl")
    assert "2 labelled sentences" in out
    stancewire("labels", "export", rows, "-o", tasks, "--done", "--no-guess", status=2)
    _, err = stancewire(
        "labels", "export", tmp_path / "gone.csv", "-o", tmp_path / "x.json", status=2
    )
    assert "cannot be read" in err
