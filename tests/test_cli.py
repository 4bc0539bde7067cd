"""The command line, run as its users run it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from terminal import on_terminal


def stancewire(*arguments: object, stdin: bytes = b"", status: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "stancewire", *map(str, arguments)],
        input=stdin, capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    assert done.returncode == status, err
    return out, err


def records(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_pipe_gives_a_record_a_sentence(examples: Path) -> None:
    out, err = stancewire("tag", examples / "strait.txt")
    rows = records(out)
    text = (examples / "strait.txt").read_text(encoding="utf-8")
    assert err == ""
    assert [row["sentence"] for row in rows] == list(range(len(rows)))
    assert list(rows[0]) == [
        "article", "sentence", "start", "end", "text", "label", "score", "scores", "stances",
    ]  # fmt: skip
    assert set(rows[0]["scores"]) == {"accuses", "denies", "warns", "neutral"}
    for row in rows:
        assert text[row["start"] : row["end"]] == row["text"]
        for stance in row["stances"]:
            assert list(stance) == ["stance", "score", "source", "target", "claim"]
            for role in ("source", "target", "claim"):
                for span in stance[role]:
                    assert text[span["start"] : span["end"]] == span["text"]


def test_terminal_gets_a_table(examples: Path) -> None:
    shown = on_terminal("tag", examples / "strait.txt", columns=120)
    assert b"accuses" in shown
    assert b"Ostrava Nova" in shown
    assert b"\x1b[" in shown  # in colour


def test_output_file_folder_and_standard_input(examples: Path, tmp_path: Path) -> None:
    out, _ = stancewire("tag", examples, "-o", tmp_path / "out.jsonl")
    assert out == ""
    rows = records((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert {Path(str(row["article"])).name for row in rows} == {
        "strait.txt", "dam.txt", "harbour.html",
    }  # fmt: skip
    out, _ = stancewire("tag", "-", stdin=b"Oslo blamed Moscow for it.")
    assert [row["article"] for row in records(out)] == ["-"]


def test_output_is_never_read_as_input(examples: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Oslo blamed Moscow.", encoding="utf-8")
    both = tmp_path / "rows.jsonl"
    both.write_text('{"text": "It rained."}\n', encoding="utf-8")
    _, err = stancewire("tag", both, "-o", both, status=2)
    assert "is input and output at once" in err
    assert both.read_text(encoding="utf-8") == '{"text": "It rained."}\n'
    both.unlink()
    _, err = stancewire("tag", tmp_path, "-o", tmp_path / "z.jsonl")
    assert err == ""
    assert len((tmp_path / "z.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_jsonl_ids_become_articles_and_no_split(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    rows = [{"id": "n1", "text": "It rained. It snowed."}, {"id": 2, "text": "It hailed."}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    out, _ = stancewire("tag", path)
    assert [(r["article"], r["sentence"]) for r in records(out)] == [("n1", 0), ("n1", 1), ("2", 0)]
    out, _ = stancewire("tag", path, "--no-split")
    assert [(r["article"], r["sentence"]) for r in records(out)] == [("n1", 0), ("2", 0)]


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("empty.txt", b"", "empty.txt: empty"),
        ("blank.txt", b"  \n \n", "blank.txt: empty"),
        ("binary.txt", bytes(range(256)) * 50, "binary.txt: not UTF-8"),
        ("broken.txt", b"Iran denied \xc3\x28 it.", "broken.txt: not UTF-8"),
        ("rows.jsonl", b'{"title": "x"}\n', "rows.jsonl:1: no field `text`"),
        ("sheet.xlsx", b"PK", "sheet.xlsx: not a kind"),
    ],
)
def test_bad_input_is_named_and_ends_with_1(
    tmp_path: Path, name: str, data: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(data)
    out, err = stancewire("tag", tmp_path / name, status=1)
    assert out == ""
    assert told in err
    assert "1 input failed, 0 tagged" in err


def test_bad_rows_do_not_stop_the_good_ones(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "It rained."}\n{"id": 3}\n{"text": 5}\n', encoding="utf-8")
    out, err = stancewire("tag", path, tmp_path / "gone.txt", status=1)
    assert len(records(out)) == 1
    assert "gone.txt: no such file" in err
    assert "3 inputs failed, 1 tagged" in err


def test_line_of_five_megabytes_without_a_full_stop(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("the strait was quiet " * 250_000, encoding="utf-8")
    out, err = stancewire("tag", path)
    (row,) = records(out)
    assert row["end"] - row["start"] == 5_249_999
    assert "longer than the model reads" in err


def test_hostile_strings_come_out_as_they_went_in(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    texts = ["\ud83d lone surrogate.", "é\u0301 \u202e right to left.", "a\u2028b c.", "\x00 nul."]
    path.write_text("\n".join(json.dumps({"text": t}) for t in texts), encoding="utf-8")
    out, err = stancewire("tag", path, status=1)
    assert [r["article"].rpartition(":")[2] for r in records(out)] == ["1", "2", "3", "3"]
    assert "binary, not text" in err


def test_reader_that_leaves_early(examples: Path) -> None:
    command = f"{sys.executable} -m stancewire tag {examples} | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, timeout=120, check=True)
    assert done.stderr == b""
    assert len(done.stdout.splitlines()) == 1


def test_model_folders_that_cannot_be_used(examples: Path, tmp_path: Path) -> None:
    from shutil import copytree

    from stancewire.model import FOLDER

    text = examples / "dam.txt"
    _, err = stancewire("tag", text, "--model", tmp_path / "none", status=2)
    assert "no such model folder" in err
    (tmp_path / "bare").mkdir()
    _, err = stancewire("tag", text, "--model", tmp_path / "bare", status=2)
    assert "config.json, model.onnx, tokenizer.json is missing" in err

    changed = copytree(FOLDER, tmp_path / "changed")
    with (changed / "model.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"\xff\xff")
    _, err = stancewire("tag", text, "--model", changed, status=2)
    assert "model.onnx: is not the file that training wrote" in err

    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    for key, value, told in [
        ("format", 2, "is a model of format 2"),
        ("channels", [["praises", "source"]], "other stances or roles"),
        ("thresholds", {}, "`thresholds` must name"),
        ("max_pieces", None, "is damaged"),
        ("transitions", [[1], [1, 2]], "is damaged"),
        ("transitions", [1], "must be over 2 and"),
    ]:
        other = copytree(FOLDER, tmp_path / key, dirs_exist_ok=True)
        (other / "config.json").write_text(json.dumps({**config, key: value}), encoding="utf-8")
        _, err = stancewire("tag", text, "--model", other, status=2)
        assert told in err
    (other / "config.json").write_text("{", encoding="utf-8")
    _, err = stancewire("tag", text, "--model", other, status=2)
    assert "is damaged" in err


def test_evaluate(tmp_path: Path) -> None:
    path = tmp_path / "gold.csv"
    path.write_text(
        "text,stance,target,source\n"
        "Oslo blamed Moscow for jamming signals.,accuses,Moscow,Oslo\n"
        "The boats were painted blue.,neutral,,\n",
        encoding="utf-8",
    )
    out, _ = stancewire("evaluate", path)
    assert "2 sentences, macro-F1" in out
    figures = json.loads(stancewire("evaluate", path, "--json")[0])
    assert figures["accuses_f1"] == figures["neutral_f1"] == 1.0
    assert figures["target_exact_f1"] == 1.0
    path.write_text("text,stance,target\nOslo slept.,accuses,Moscow\n", encoding="utf-8")
    _, err = stancewire("evaluate", path, status=2)
    assert "gold.csv:2: target 'Moscow' is not in the sentence" in err


def test_seeds_check(tmp_path: Path) -> None:
    out, _ = stancewire("seeds", "check")
    assert "no problem found" in out
    path = tmp_path / "mine.jsonl"
    path.write_text('{"text": "x", "stance": "praises"}\n{"text": ""}\n', encoding="utf-8")
    _, err = stancewire("seeds", "check", path, status=2)
    assert "mine.jsonl:1: unknown stance" in err
    assert "mine.jsonl:2: no text" in err
    assert "2 problems" in err


def test_train_refuses_bad_data_before_it_starts(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"text": "x", "stance": "praises"}\n', encoding="utf-8")
    _, err = stancewire("train", "--data", path, status=2)
    assert "mine.jsonl:1: unknown stance" in err
    _, err = stancewire("train", "--no-seeds", status=2)
    assert "--no-seeds needs --data" in err
