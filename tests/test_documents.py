import json
from pathlib import Path

import pytest
from stancewire.documents import Article, Skipped, read_articles
from stancewire.rows import Fields


def read(*paths: Path) -> tuple[list[Article], list[Skipped]]:
    items = list(read_articles(paths))
    return (
        [item for item in items if isinstance(item, Article)],
        [item for item in items if isinstance(item, Skipped)],
    )


def test_folder_is_read_whole_and_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.txt").write_text("Two.", encoding="utf-8")
    (tmp_path / "a.txt").write_text("One.", encoding="utf-8")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    articles, skipped = read(tmp_path)
    assert [article.text for article in articles] == ["One.", "Two."]
    assert [Path(item.where).name for item in skipped] == ["photo.png"]


def test_jsonl_names_articles_by_id_and_skips_only_bad_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        json.dumps({"id": 7, "text": "One."}),
        "",
        json.dumps({"title": "no text"}),
        "{broken",
        json.dumps({"text": "Two."}),
        json.dumps(["text"]),
        json.dumps({"id": "x", "text": "  "}),
        "[" * 100_000,
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    with path.open("ab") as file:
        file.write(b'\n{"text": "\xff"}\n')
    articles, skipped = read(path)
    assert [(a.name, a.text) for a in articles] == [("7", "One."), (f"{path}:5", "Two.")]
    places = [item.where.removeprefix(f"{path}:") for item in skipped]
    assert places == ["3", "4", "6", "7", "8", "9"]


@pytest.mark.parametrize("by", [",", ";", "\t"])
def test_tables_as_spreadsheets_save_them(tmp_path: Path, by: str) -> None:
    path = tmp_path / "a.csv"
    rows = [["url", "body"], ["u1", '"One; two, three."'], ["", ""], ["u2", "Four."], ["", ""]]
    path.write_text("\ufeff" + "\r\n".join(map(by.join, rows)) + "\r\n", encoding="utf-8")
    items = list(read_articles([path], fields=Fields(text="body", id="url")))
    assert [(a.name, a.text) for a in items] == [("u1", "One; two, three."), ("u2", "Four.")]
    (told,) = read_articles([path])  # once, not for every row
    assert told.why == (
        "no field `text` with a string in it; there are: `url`, `body` (--text-field)"
    )


def test_a_field_that_no_row_has_is_mentioned(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_text('{"body": "One.", "when": "today"}\n{"body": "Two."}\n', encoding="utf-8")
    table = tmp_path / "b.csv"
    table.write_text("body,when\nThree.,\n", encoding="utf-8")
    fields = Fields(text="body", date="wen", title="when")
    items = list(read_articles([lines, table], fields=fields))
    assert [item.text for item in items if isinstance(item, Article)] == ["One.", "Two.", "Three."]
    told = [item for item in items if isinstance(item, Skipped)]
    assert [(item.where, item.why, item.failed) for item in told] == [
        (str(path), "no row has a field `wen`", False) for path in (lines, table)
    ]


def test_html_gives_the_article_without_the_page(examples: Path) -> None:
    (articles, skipped) = read(examples / "harbour.html")
    assert not skipped
    assert "has sued the dredging firm" in articles[0].text
    assert "Mayor accused" not in articles[0].text
    assert "Terms of use" not in articles[0].text


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("empty.txt", b"", "empty"),
        ("blank.txt", b" \n\t\n ", "empty"),
        ("binary.txt", bytes(range(256)), "not UTF-8 text (byte 128)"),
        ("nul.txt", b"abc\0def", "binary, not text"),
        ("empty.jsonl", b"\n", "empty"),
        ("empty.html", b"", "empty"),
        ("bare.html", b"<html><body></body></html>", "no article found in this page"),
        ("table.xlsx", b"PK", "not a kind that is read"),
    ],
)
def test_inputs_without_an_article_are_named(
    tmp_path: Path, name: str, data: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(data)
    articles, skipped = read(tmp_path / name)
    assert not articles
    assert why in skipped[0].why


def test_empty_folder_and_linked_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert read(tmp_path / "empty")[1][0].why == "a folder without files"
    (tmp_path / "a.txt").write_text("One.", encoding="utf-8")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    articles, skipped = read(tmp_path)
    assert len(articles) == 1
    assert [item.why for item in skipped] == ["a link to a folder; name it to read it"]


def test_missing_file_and_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "bom.txt").write_bytes(b"\xef\xbb\xbfOne.")
    articles, skipped = read(tmp_path / "none.txt", tmp_path / "bom.txt")
    assert articles[0].text == "One."
    assert skipped[0].why == "no such file"
