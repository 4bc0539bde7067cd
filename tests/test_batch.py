"""Tagging many files: formats, going on after a kill, and inputs gone wrong."""

import csv
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stancewire.documents import Article, Skipped, read_articles
from stancewire.language import looks_english
from stancewire.rows import Fields
from test_cli import records, stancewire

pyarrow = pytest.importorskip("pyarrow")
zstandard = pytest.importorskip("zstandard")

ROWS = [
    {"id": "a", "text": "Oslo accused Moscow of jamming signals.", "date": "2024-05-01"},
    {"id": "b", "text": "It rained.", "date": "2024-05-02"},
]


def read(path: Path, fields: Fields | None = None) -> tuple[list[Article], list[Skipped]]:
    items = list(read_articles([path], fields=fields or Fields()))
    articles = [item for item in items if isinstance(item, Article)]
    return articles, [item for item in items if isinstance(item, Skipped)]


def lines(rows: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def table(rows: list[dict[str, str]], delimiter: str) -> bytes:
    return "\n".join(delimiter.join(row) for row in [list(rows[0]), *(r.values() for r in rows)]).encode()  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", json.dumps(ROWS).encode()),
        ("a.jsonl", lines(ROWS)),
        ("a.csv", table(ROWS, ",")),
        ("a.tsv", table(ROWS, "\t")),
        (
            "a.jsonl.gz",
            gzip.compress(lines(ROWS[:1]), mtime=0) + gzip.compress(lines(ROWS[1:]), mtime=0),
        ),
        ("a.csv.gz", gzip.compress(table(ROWS, ","), mtime=0)),
        ("a.tsv.zst", zstandard.ZstdCompressor().compress(table(ROWS, "\t"))),
        (
            "a.jsonl.zst",
            b"".join(zstandard.ZstdCompressor().compress(lines([row])) for row in ROWS),
        ),
    ],
)
def test_rows_of_every_format(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    articles, skipped = read(tmp_path / name)
    assert skipped == []
    assert [(a.name, a.text, a.date) for a in articles] == [
        (row["id"], row["text"], row["date"]) for row in ROWS
    ]


def test_parquet_and_named_fields(tmp_path: Path) -> None:
    import pyarrow.parquet

    path = tmp_path / "a.parquet"
    columns = {"body": [ROWS[0]["text"], None], "key": [7, 8], "head": ["On signals", None]}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    articles, skipped = read(path, Fields(text="body", id="key", title="head"))
    assert [(a.name, a.title) for a in articles] == [("7", "On signals")]
    assert [item.where for item in skipped] == [f"{path}:2"]


@pytest.mark.parametrize(
    ("name", "data", "good", "told"),
    [
        ("cut.jsonl.gz", gzip.compress(lines(ROWS * 5000), mtime=0)[:-60], 9000, "cut short"),
        (
            "cut.jsonl.zst",
            zstandard.ZstdCompressor().compress(lines(ROWS * 5000))[:-60],
            0,
            "cut short",
        ),
        ("junk.jsonl.zst", b"not packed at all", 0, "damaged"),
        ("junk.parquet", b"PAR1junk", 0, "not a Parquet file"),
        ("nul.csv", b"text\nab\0c\nIt rained.\n", 1, "binary"),
        ("open.csv", b'id,text\n1,It rained.\n2,"It never ends\n3,x\n', 1, "not CSV from this row"),
        ("short.tsv", b"id\ttext\n1\n2\tIt rained.\n", 1, "has 1 cells, the head has 2"),
        ("latin.csv", b"text\nIt rained.\ncaf\xe9\n", 1, "not UTF-8"),
        ("list.json", b'[{"text": "It rained."}, 3]', 1, "not a JSON object"),
        ("deep.json", b"[" * 200_000, 0, "not JSON"),
    ],
)
def test_broken_files_are_named_and_the_rest_is_read(
    tmp_path: Path, name: str, data: bytes, good: int, told: str
) -> None:
    (tmp_path / name).write_bytes(data)
    articles, skipped = read(tmp_path / name)
    assert len(articles) >= good
    assert told in skipped[-1].why


def test_ten_megabytes_in_one_field(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text('text\n"' + "It rained on and on.\n" * 500_000 + '"\n', encoding="utf-8")
    articles, skipped = read(path)
    assert skipped == []
    assert len(articles[0].text) == 10_500_000


def test_page_nested_without_end_and_large_page(tmp_path: Path) -> None:
    (tmp_path / "deep.html").write_bytes(b"<div>" * 100_000 + b"<p>It rained.</p>")
    paragraph = b"<p>" + b"Oslo accused Moscow of jamming signals over the sea. " * 380 + b"</p>"
    body = paragraph * 1000  # 20 MB
    (tmp_path / "large.html").write_bytes(b"<html><body>" + body + b"</body></html>")
    articles, skipped = read(tmp_path)
    assert len(articles) + len(skipped) == 2  # read or named, never a crash


def test_pattern_and_vanished_file(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text(f"It rained on {name}.", encoding="utf-8")
    found = read_articles([tmp_path / "*.txt"])
    assert isinstance(next(found), Article)
    (tmp_path / "b.txt").unlink()
    gone, last = found
    assert isinstance(gone, Skipped)
    assert gone.why == "no such file"
    assert isinstance(last, Article)
    assert read(tmp_path / "*.html")[1][0].why == "no file matches this pattern"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "d.txt").write_text("It rained on d.", encoding="utf-8")
    (tmp_path / "e.txt").symlink_to(tmp_path / "gone")
    for pattern in ("*", "**"):
        articles, skipped = read(tmp_path / pattern)
        assert [Path(a.name).name for a in articles] == ["a.txt", "c.txt", "d.txt"]
        assert [item.why for item in skipped] == ["no such file"]


def test_language_is_told() -> None:
    english = "The ministry said on Monday that it had not been told of the plan by anybody. " * 2
    german = (
        "Das Ministerium teilte am Montag mit, es sei von niemandem über den Plan unterrichtet "
        "worden, und bat darum, in dieser Sache keine weiteren Fragen an den Minister zu richten."
    )
    assert looks_english(english)
    assert looks_english("Oslo denies it")
    assert not looks_english(german)
    assert not looks_english("وزارة الخارجية تنفي الاتهامات")
    assert not looks_english("外交部否认了这些指控。")
    names = (
        "Kremlin spokesman Dmitry Peskov accused the United States of double standards. Russia's "
        "defence ministry accused the Ukrainian army of using cluster bombs. Beijing warned Taipei."
    )
    assert looks_english(names)
    assert looks_english(english.upper())
    norwegian = (
        "Utenriksdepartementet i Oslo avviste anklagene om at skipet hadde fraktet våpen. "
        "Talsmannen sa at det ikke finnes bevis og advarte mot en opptrapping i regionen."
    )
    assert not looks_english(norwegian)


def test_every_output_holds_the_same(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    formula = {"id": "=1+1", "text": "Lima warned Quito of a flood. It snowed.", "title": "+t"}
    source.write_bytes(lines([*ROWS, formula]))
    names = ("o.jsonl", "o.jsonl.gz", "o.jsonl.zst", "o.csv", "o.parquet")
    for name in names:
        stancewire("tag", source, "-o", tmp_path / name)
    plain = (tmp_path / "o.jsonl").read_bytes()
    assert gzip.decompress((tmp_path / "o.jsonl.gz").read_bytes()) == plain
    packed = (tmp_path / "o.jsonl.zst").read_bytes()
    unpacked = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True).read()
    assert unpacked == plain
    told = records(plain.decode())
    assert [(r["article"], r.get("date"), r.get("title")) for r in told] == [
        ("a", "2024-05-01", None), ("b", "2024-05-02", None),
        ("=1+1", None, "+t"), ("=1+1", None, "+t"),
    ]  # fmt: skip
    import pyarrow.parquet

    columns = pyarrow.parquet.read_table(tmp_path / "o.parquet").to_pylist()
    assert [c["stances"] for c in columns] == [r["stances"] for r in told]
    assert columns[0]["scores"] == told[0]["scores"]
    with (tmp_path / "o.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [(row["stance"], row["target"]) for row in table[:2]] == [
        ("accuses", "Moscow"), ("neutral", ""),
    ]  # fmt: skip
    assert table[2]["article"] == "'=1+1"
    assert table[2]["title"] == "'+t"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["in.jsonl", *names])

    stancewire("tag", source, "-o", tmp_path / "s.jsonl", "--only-stances")
    some = records((tmp_path / "s.jsonl").read_text(encoding="utf-8"))
    assert some == [r for r in told if r["stances"]]


def test_output_that_is_there_already(tmp_path: Path) -> None:
    source, out = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("It rained.", encoding="utf-8")
    out.write_text("mine\n", encoding="utf-8")
    _, err = stancewire("tag", source, "-o", out, status=2)
    assert "exists already; --overwrite replaces it" in err
    _, err = stancewire("tag", source, "-o", out, "--resume")
    assert "is complete already" in err
    assert out.read_text(encoding="utf-8") == "mine\n"
    stancewire("tag", source, "-o", out, "--overwrite")
    assert len(records(out.read_text(encoding="utf-8"))) == 1
    _, err = stancewire("tag", source, "-o", tmp_path / "out.xml", status=2)
    assert "output must end in one of .jsonl" in err
    _, err = stancewire("tag", source, "-o", tmp_path / "none" / "out.jsonl", status=2)
    assert "no such folder to write out.jsonl in" in err


def test_errors_are_written_and_strict_stops(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(lines(ROWS) + b"{broken\n" + lines(ROWS))
    _, err = stancewire("tag", source, tmp_path / "gone.txt", "-o", out, status=1)
    assert "2 inputs failed, 4 tagged" in err
    named = records((tmp_path / "out.jsonl.errors.jsonl").read_text(encoding="utf-8"))
    assert [(row["path"], row["row"]) for row in named] == [
        (str(source), 3), (str(tmp_path / "gone.txt"), None),
    ]  # fmt: skip
    assert all(row["reason"] for row in named)
    _, err = stancewire("tag", source, "-o", tmp_path / "two.jsonl", "--strict", status=1)
    assert "stopped at" in err
    assert "in.jsonl:3" in err
    assert not (tmp_path / "two.jsonl").exists()


@pytest.mark.parametrize("name", ["out.jsonl.gz", "out.csv", "out.parquet"])
def test_killed_at_any_moment_it_goes_on(tmp_path: Path, name: str) -> None:
    """Twenty kills; then the output is the one of a run without any, byte for byte."""
    source = tmp_path / "in.jsonl"
    rng = random.Random(0)
    some = ("accused Moscow of it", "denied it", "met in Lima", "warned Quito of floods", "slept")
    rows = [
        {"id": str(i), "text": " ".join(f"Oslo {rng.choice(some)} on day {j}." for j in range(4))}
        for i in range(400)
    ]
    source.write_bytes(lines(rows[:200]) + b"{broken\n" + lines(rows[200:]))
    whole, out = tmp_path / f"whole.{name}", tmp_path / name
    stancewire("tag", source, tmp_path / "gone.txt", "-o", whole, status=1)
    inputs = [str(source), str(tmp_path / "gone.txt")]
    command = [sys.executable, "-m", "stancewire", "tag", *inputs, "-o", str(out), "--resume"]
    kills = 0
    while kills < (20 if name.endswith(".gz") else 5):
        run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        started = time.monotonic()
        wait = rng.uniform(0.2, 2.0)
        while run.poll() is None and time.monotonic() - started < wait:
            time.sleep(0.01)
        if run.poll() is not None:
            # done: begin anew, so that all twenty kills hit a run at work
            assert run.returncode == 1
            assert out.read_bytes() == whole.read_bytes()
            out.unlink()
            continue
        run.send_signal(signal.SIGKILL)
        run.wait()
        kills += 1
        assert not out.exists() or out.read_bytes() == whole.read_bytes()
    stancewire("tag", *inputs, "-o", out, "--resume", status=1)
    assert out.read_bytes() == whole.read_bytes()
    errors = [path.with_name(f"{path.name}.errors.jsonl") for path in (whole, out)]
    assert errors[0].read_bytes() == errors[1].read_bytes()
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob("*.journal"))


def test_resume_refuses_what_does_not_fit(tmp_path: Path) -> None:
    from stancewire.output import Output, OutputError

    source, out = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("It rained.", encoding="utf-8")
    file = Output(out, {"paths": ["x"]})
    file.close()
    _, err = stancewire("tag", source, "-o", out, status=2)
    assert "an earlier run did not finish" in err
    _, err = stancewire("tag", source, "-o", out, "--resume", status=2)
    assert "other inputs, options or model" in err
    # a torn journal line and a part that is longer than noted are cut back
    file = Output(out, {"paths": ["x"]}, overwrite=True)
    file.write([{"kept": True}])
    file.keep(1, "x", 1, 0)
    file.write([{"lost": True}])
    file.close()
    with file.journal.open("ab") as journal:
        journal.write(b'{"inputs": 2, "la')
    again = Output(out, {"paths": ["x"]}, resume=True)
    assert again.reached.inputs == 1
    again.keep(1, "x", 1, 0)
    again.finish()
    assert out.read_text(encoding="utf-8") == '{"kept": true}\n'
    with pytest.raises(OutputError, match="exists already"):
        Output(out, {"paths": ["x"]})


def test_own_files_are_no_inputs(tmp_path: Path) -> None:
    """Though a folder is listed again, and later, than the run began."""
    (tmp_path / "a.jsonl").write_text("{broken\n", encoding="utf-8")
    (tmp_path / "zz").mkdir()
    for _ in range(2):
        _, err = stancewire(
            "tag", tmp_path, "-o", tmp_path / "zz" / "out.jsonl", "--overwrite", status=1
        )
        assert "1 input failed, 0 tagged" in err
    _, err = stancewire("tag", tmp_path, "-o", tmp_path / "zz" / "out.jsonl", "--resume", status=1)
    assert "some inputs failed" in err


def test_killed_while_it_begins(tmp_path: Path) -> None:
    source, out = tmp_path / "in.txt", tmp_path / "out.csv"
    source.write_text("It rained.", encoding="utf-8")
    (tmp_path / "out.csv.journal").write_bytes(b'{"sett')  # not even a whole line
    (tmp_path / "out.csv.part").write_bytes(b"half a head")
    stancewire("tag", source, "-o", out, "--resume")
    assert out.read_text(encoding="utf-8").startswith("article,title,date")


def test_two_runs_at_once(tmp_path: Path) -> None:
    from stancewire.output import Output, OutputError

    first = Output(tmp_path / "out.jsonl", {})
    first.write([{"text": "x"}])
    first.keep(1, "x", 1, 0)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for how in ({}, {"resume": True}, {"overwrite": True}):
        with pytest.raises(OutputError, match="another run is writing it"):
            Output(tmp_path / "out.jsonl", {}, **how)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == kept
    first.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_damaged_journal(tmp_path: Path) -> None:
    source, out = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("It rained.", encoding="utf-8")
    (tmp_path / "out.jsonl.journal").write_bytes(b"{broken\n")
    _, err = stancewire("tag", source, "-o", out, "--resume", status=2)
    assert "journal: is damaged; start anew with --overwrite" in err
    stancewire("tag", source, "-o", out, "--overwrite")


def test_messages_that_nobody_reads_stop_nothing(tmp_path: Path) -> None:
    for name in ("a.md", "b.txt", "c.md"):
        (tmp_path / name).write_text("It rained.", encoding="utf-8")
    out = tmp_path / "out.jsonl"
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "stancewire", "tag", tmp_path, tmp_path / "no", "-o", out]
    done = subprocess.run(command, stderr=writer, check=False)
    os.close(writer)
    assert done.returncode == 1  # there is no "no"
    assert len(out.read_text(encoding="utf-8").splitlines()) == 1


def test_a_log_among_the_inputs_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("It rained.", encoding="utf-8")
    (tmp_path / "b.md").touch()
    with (tmp_path / "log.txt").open("w") as log:
        command = [sys.executable, "-m", "stancewire", "tag", ".", "-o", "out.jsonl"]
        done = subprocess.run(command, cwd=tmp_path, stdout=log, stderr=log, check=False)
    assert done.returncode == 0
    assert "log.txt" not in (tmp_path / "log.txt").read_text(encoding="utf-8")


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text,text\n1,It rained.,It snowed.\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("id,text,x,x\n1,It rained.,,\n", encoding="utf-8")
    columns = pyarrow.table([["It rained."], ["It snowed."]], names=["text", "text"])
    from pyarrow import parquet

    parquet.write_table(columns, tmp_path / "c.parquet")
    articles, skipped = read(tmp_path)
    assert [article.text for article in articles] == ["It rained."]
    assert [item.why.partition(";")[0] for item in skipped] == 2 * [
        "several columns are called `text`"
    ]


def test_not_a_number_is_no_name(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": NaN, "title": NaN, "text": "It rained."}\n')
    ((article,), _) = read(tmp_path)
    assert (article.name, article.title) == (str(tmp_path / "a.jsonl:1"), None)


def test_nothing_found_is_still_a_packed_file(tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("It rained.", encoding="utf-8")
    stancewire("tag", source, "-o", tmp_path / "out.jsonl.gz", "--only-stances")
    assert gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()) == b""
    assert (tmp_path / "out.jsonl.gz").stat().st_size > 0


def test_rows_that_python_cannot_hold(tmp_path: Path) -> None:
    import pyarrow.parquet

    path = tmp_path / "a.parquet"
    far = pyarrow.array([0, 2**60, 0], pyarrow.timestamp("us"))
    rows = pyarrow.table({"text": ["It rained."] * 3, "date": far, "other": far})
    pyarrow.parquet.write_table(rows, path)
    articles, skipped = read(path)
    assert len(articles) == 2
    assert [item.where for item in skipped] == [f"{path}:2"]


def test_inputs_that_changed_since(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text("It rained.", encoding="utf-8")
    out = tmp_path / "out.jsonl"
    stancewire("tag", tmp_path / "a.txt", "-o", out)
    from stancewire import Tagger
    from stancewire.batch import tag_to_file
    from stancewire.output import Output, OutputError

    tagger = Tagger.load()
    first = Output(tmp_path / "x.jsonl", {})
    first.keep(1, str(tmp_path / "gone.txt"), 1, 0)
    first.close()
    again = Output(tmp_path / "x.jsonl", {}, resume=True)
    with pytest.raises(OutputError, match="the inputs have changed"):
        tag_to_file(tagger, [tmp_path / "a.txt", tmp_path / "b.txt"], again)

    rows = tmp_path / "in.jsonl"
    rows.write_bytes(lines(ROWS))
    (article, _), _ = read(rows)
    part = Output(tmp_path / "y.jsonl", {})
    part.keep(1, article.where, 1, 0, article.mark)
    part.close()
    rows.write_bytes(lines(ROWS[::-1]))  # another row has come to stand first
    moved = Output(tmp_path / "y.jsonl", {}, resume=True)
    with pytest.raises(OutputError, match="the inputs have changed"):
        tag_to_file(tagger, [rows], moved)
    moved.close()
    rows.write_bytes(lines(ROWS))
    tag_to_file(tagger, [rows], Output(tmp_path / "y.jsonl", {}, resume=True))
    assert [row["article"] for row in records((tmp_path / "y.jsonl").read_text())] == ["b"]


def test_bad_rows_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few good rows there are between them."""
    from stancewire import Tagger, batch

    source = tmp_path / "in.jsonl"
    bad = b"{\n" * 100_000
    source.write_bytes(lines(ROWS[:1]) + bad + lines(ROWS[1:]) + bad)
    waiting = most = 0

    def counting(*given: Any) -> Iterator[Article | Skipped]:
        nonlocal waiting, most
        for item in read_articles(*given):
            waiting += 1
            most = max(most, waiting)
            yield item

    def settled(*_: Any) -> None:
        nonlocal waiting
        waiting -= 1

    monkeypatch.setattr(batch, "read_articles", counting)
    counts = batch.tag_articles(Tagger.load(), [source], settled, said=settled)
    assert (counts.articles, counts.failed, waiting) == (2, 200_000, 0)
    assert most <= 1000


def test_stopped_amid_bad_rows_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is stopped, what the run before left is gone on with, byte for byte."""
    from stancewire import Tagger, batch
    from stancewire.output import Output

    monkeypatch.setattr(batch, "_MOST_WAITING", 5)
    tagger, rng = Tagger.load(threads=1), random.Random(0)
    source = tmp_path / "in.jsonl"
    text = "Oslo accused Moscow of jamming signals on day {}."
    rows = [lines([{"id": str(i), "text": text.format(i)}]) for i in range(150)]
    source.write_bytes(b"".join(row + b"{\n" * rng.choice((0, 0, 0, 1, 9)) for row in rows))

    def run(out: Path, stop_at: int = 0) -> None:
        def counted(counts: batch.Counts) -> None:
            if counts.articles == stop_at:
                raise KeyboardInterrupt

        output = Output(out, {}, resume=True)
        try:
            batch.tag_to_file(tagger, [source], output, counted=counted)
        finally:
            output.close()

    run(tmp_path / "whole.jsonl")
    assert len(records((tmp_path / "whole.jsonl").read_text(encoding="utf-8"))) == len(rows)
    for place in sorted(rng.sample(range(1, len(rows)), 12)):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "out.jsonl", place)
    run(tmp_path / "out.jsonl")
    for end in ("", ".errors.jsonl"):
        whole, out = (tmp_path / f"{name}.jsonl{end}" for name in ("whole", "out"))
        assert out.read_bytes() == whole.read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk(tmp_path: Path) -> None:
    from stancewire.output import NotWritten, Output

    file = Output(tmp_path / "out.jsonl", {})
    file._file.close()
    file._file = open("/dev/full", "wb")  # noqa: SIM115
    file.write([{"a": "b"}])
    with pytest.raises(NotWritten, match="No space left"):
        file.keep(1, "x", 1, 0)
    file.close()  # says nothing more


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 16 kB, and a way to make it larger."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
        return subprocess.run(command, capture_output=True).returncode == 0

    try:
        mounted = mount("size=16k")
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("may not mount a file system here")
    yield disk, lambda: mount("remount,size=8m")
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_a_disk_that_fills_up_and_is_cleared(small_disk, tmp_path: Path, name: str) -> None:
    disk, enlarge = small_disk
    rng = random.Random(0)
    rows = [
        {"id": str(i), "text": f"Oslo denied it. {rng.random()} {rng.random()} came. It rained."}
        for i in range(300)
    ]
    source, whole = tmp_path / "in.jsonl", tmp_path / f"whole.{name}"
    source.write_bytes(lines(rows))
    stancewire("tag", source, "-o", whole)
    assert whole.stat().st_size > 16384
    _, said = stancewire("tag", source, "-o", disk / name, status=1)
    assert "No space left" in said
    assert "Traceback" not in said
    assert not (disk / name).exists()
    assert enlarge()
    stancewire("tag", source, "-o", disk / name, "--resume")
    assert (disk / name).read_bytes() == whole.read_bytes()


def test_offsets_hold_in_any_script(tmp_path: Path) -> None:
    texts = [
        "وزارة الخارجية تنفي الاتهامات. قال المتحدث ذلك.",
        "外交部否认了这些指控。他说没有。",
        "👩🏽‍🚀 Oslo 🇳🇴 accused Mo\u0301scow 👍🏿 of jamming. It rained e\u0301 o\u0308.",
    ]
    source = tmp_path / "in.jsonl"
    source.write_bytes(lines([{"text": text} for text in texts]))
    out, _ = stancewire("tag", source)
    for row in records(out):
        text = texts[int(str(row["article"]).rpartition(":")[2]) - 1]
        assert text[row["start"] : row["end"]] == row["text"]
        for stance in row["stances"]:
            for span in (*stance["source"], *stance["target"], *stance["claim"]):
                assert text[span["start"] : span["end"]] == span["text"]
        assert ("english" in row) == (not str(row["article"]).endswith(":3"))


def test_progress_on_a_terminal_only(examples: Path, tmp_path: Path) -> None:
    import pty

    main, end = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "stancewire", "tag", str(examples), "-o", str(tmp_path / "o.csv")],
        stderr=end, env={**os.environ, "COLUMNS": "120", "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(end)
    shown = b""
    while chunk := _read(main):
        shown += chunk
    assert run.wait() == 0
    assert b"3 articles" in shown
    assert b"sentences" in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
