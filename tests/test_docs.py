"""What docs/ say of fields, commands, names and figures is so; the site builds."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from code_blocks import README, ROOT, Reader, blocks

DOCS = ROOT / "docs"


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def rows_of(text: str) -> list[list[str]]:
    """The cells of all rows of tables."""
    lines = (line for line in text.splitlines() if line.startswith("| "))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def section(page: Path, heading: str) -> str:
    """What stands under a heading, up to the next of its rank."""
    found = re.search(rf"^{heading}\n(.*?)(?=^## |\Z)", text_of(page), re.DOTALL | re.MULTILINE)
    assert found, f"{page.name} has no {heading!r}"
    return found[1]


# The schema ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """The records of all examples, and of rows that have all there is to have."""
    folder = tmp_path_factory.mktemp("records")
    texts = ["Moskau weist den Vorwurf zurück, Minen vor der Küste gelegt zu haben. " * 5]
    rows = [{"text": text, "title": "a", "date": "2024-05-31"} for text in texts]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "stancewire", "tag", ROOT / "examples", folder / "rows.jsonl"],
        check=True, capture_output=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_record_shown_is_one_that_is_written(records: list[dict[str, object]]) -> None:
    shown = json.loads(next(b.text for b in blocks(DOCS / "schema.md") if b.kind == "json"))
    text = text_of(ROOT / "examples" / "strait.txt")
    assert text[shown["start"] : shown["end"]] == shown["text"]
    for stance in shown["stances"]:
        for span in (*stance["source"], *stance["target"], *stance["claim"]):
            assert text[span["start"] : span["end"]] == span["text"]
    (written,) = (
        r for r in records
        if str(r["article"]).endswith("strait.txt") and r["sentence"] == shown["sentence"]
    )  # fmt: skip
    assert list(shown) == list(written)
    assert list(shown["scores"]) == list(written["scores"])
    assert {key: type(value) for key, value in shown.items()} == {
        key: type(value) for key, value in written.items()
    }
    assert list(shown["stances"][0]) == list(written["stances"][0])


def test_every_field_of_a_record_is_in_the_schema(records: list[dict[str, object]]) -> None:
    named = {
        name
        for cells in rows_of(section(DOCS / "schema.md", "## The record"))
        for name in re.findall(r"`(\w+)`", cells[0])
    }
    stances = [stance for record in records for stance in record["stances"]]
    spans = [s for stance in stances for r in ("source", "target", "claim") for s in stance[r]]
    written = {key for one in (*records, *stances, *spans) for key in one}
    assert {"title", "date", "english"} <= written
    assert written == named


def test_columns_of_csv_and_parquet_are_in_the_schema() -> None:
    from stancewire.records import COLUMNS, parquet_schema

    heads = [block.text.strip() for block in blocks(DOCS / "schema.md") if block.kind == "csv"]
    assert heads == [",".join(COLUMNS), "text,stance,source,target,claim"]
    schema = parquet_schema()
    told = rows_of(section(DOCS / "schema.md", "## Parquet"))[2:]
    assert [cells[0].strip("`") for cells in told] == schema.names
    for (_, kind), field in zip(told[:-1], schema, strict=False):
        assert kind.strip("`") == str(field.type)


def test_failed_input_and_labels_are_as_the_schema_shows(tmp_path: Path) -> None:
    _, failed, labels = (
        json.loads(block.text) for block in blocks(DOCS / "schema.md") if block.kind == "json"
    )
    bad, out = tmp_path / "bad.csv", tmp_path / "out.jsonl"
    bad.write_text("title\nA\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "stancewire", "tag", bad, "-o", out], check=False)
    assert done.returncode == 1
    told = json.loads(text_of(tmp_path / "out.jsonl.errors.jsonl"))
    assert list(told) == list(failed)
    assert told["reason"] == failed["reason"]

    from stancewire.labels import read_row

    assert read_row(labels, "schema.md").to_dict() == labels


def test_head_of_the_sheet_is_as_shown(tmp_path: Path) -> None:
    from stancewire.training.spreadsheet import to_csv

    (head,) = (block.text.strip() for block in blocks(DOCS / "label.md") if block.kind == "csv")
    assert to_csv([]).lstrip("\ufeff").strip() == head


# Commands and names -------------------------------------------------------------------------


def commands(command: click.Command, name: str) -> dict[str, click.Command]:
    if not isinstance(command, click.Group):
        return {name: command}
    below = (commands(one, f"{name} {key}") for key, one in command.commands.items())
    return {key: one for part in below for key, one in part.items()}


def test_every_command_and_option_is_in_its_place() -> None:
    from stancewire.cli import main

    page = DOCS / "cli.md"
    told: dict[str, set[str]] = {}
    for name, command in commands(main, "stancewire").items():
        heading = f"## {name}"
        if f"{heading}\n" not in text_of(page):
            heading = heading.rpartition(" ")[0]  # the small ones of a group share a section
            assert f"`{name}" in section(page, heading), name
        options = {
            opt for p in command.params if isinstance(p, click.Option) for opt in p.opts
        }  # fmt: skip
        told.setdefault(heading, set()).update(options)
    assert set(re.findall(r"^## .*", text_of(page), re.MULTILINE)) == set(told)
    for heading, options in told.items():
        cells = [cells[0] for cells in rows_of(section(page, heading))]
        named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(cells)))
        assert named == options, heading


def test_every_public_name_is_on_the_page_about_python() -> None:
    import dataclasses

    import stancewire

    page = text_of(DOCS / "python.md")
    for name in stancewire.__all__:
        assert re.search(rf"`{name}\b|^## {name}$", page, re.MULTILINE), name
    fields = {cells[0].strip("`"): re.findall(r"`(\w+)`", cells[1]) for cells in rows_of(page)}
    for kind in (
        stancewire.TaggedSentence, stancewire.Stance, stancewire.Span, stancewire.Resolved,
    ):  # fmt: skip
        assert fields[kind.__name__] == [field.name for field in dataclasses.fields(kind)]


# Figures ------------------------------------------------------------------------------------

FIGURE = {"accuses", "denies", "warns", "neutral", "source", "target", "claim"}


def figures(page: Path) -> dict[str, list[str]]:
    """What the table of results says, by row."""
    found = {
        cells[0].strip("*"): [c.strip("*") for c in cells[1:]] for cells in rows_of(text_of(page))
    }
    return {
        name: cells for name, cells in found.items()
        if name.split(",")[0] in FIGURE or name.startswith("macro-F1")
    }  # fmt: skip


def test_readme_gives_the_figures_of_the_page_on_results() -> None:
    readme, page = figures(README), figures(DOCS / "results.md")
    assert "macro-F1 over the four" in readme
    assert {name: page.get(name) for name in readme} == readme


def test_limits_give_them_too() -> None:
    said = section(DOCS / "limits.md", "## What it gets wrong")
    page = figures(DOCS / "results.md")
    in_a_hundred = [
        round(100 * (1 - float(cell)))
        for stance in ("accuses", "warns", "denies") for cell in page[stance][:2]
    ]  # fmt: skip
    numbers = re.findall(r"(\d+|none)(?= in a hundred| are|of 27)", said.split("With the")[0])
    assert [int(number) for number in numbers] == [n for n in in_a_hundred if n]


def test_figures_are_what_the_model_gives(shared: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stancewire", "evaluate", shared / "eval" / "dev.jsonl", "--json"],
        check=True, capture_output=True,
    )  # fmt: skip
    given = json.loads(done.stdout)
    for name, cells in figures(DOCS / "results.md").items():
        key = name.replace(", ", "_")
        names = (
            ["macro_f1"] if name.startswith("macro")
            else [f"{key}_{measure}" for measure in ("precision", "recall", "f1")]
        )  # fmt: skip
        for cell, measure in zip([c for c in cells if c], names, strict=True):
            assert float(cell) == pytest.approx(given[measure], abs=0.0006), measure


def test_worth_of_scores_is_what_the_block_prints(shared: Path, tmp_path: Path) -> None:
    page = DOCS / "results.md"
    (block,) = (block for block in blocks(page) if block.kind == "python")
    printed = [line.split(" | ")[1:] for line in Reader(tmp_path).run(block).splitlines()]
    table = [row[1:] for row in rows_of(section(page, "## Scores"))[2:]]
    assert printed == table


# The site -----------------------------------------------------------------------------------


def test_site_builds_and_fetches_nothing(tmp_path: Path) -> None:
    builder = shutil.which("zensical", path=str(Path(sys.executable).parent))
    if builder is None:
        pytest.skip("no zensical (Python 3.11 on)")
    for name in ("docs", "seeds"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    done = subprocess.run(
        [builder, "build", "--strict"], cwd=tmp_path, capture_output=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    pages = {path.stem: text_of(path) for path in (tmp_path / "site").glob("*.html")}
    assert {page.stem for page in DOCS.glob("*.md")} <= set(pages)
    assert "Rulings on the borders" in pages["guide"]  # the guide itself is on its page
    fetched = r"<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=[\"']?(?:https?:)?//[^>]*>"
    for name, page in pages.items():
        assert not re.findall(r"^- .*", page, re.MULTILINE), f"{name}: a list that is none"
        assert not [tag for tag in re.findall(fetched, page) if "canonical" not in tag], name
