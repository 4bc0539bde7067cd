"""Tagging on Ray: a local cluster of two cores, and what happens when a worker is killed."""

import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from pyarrow.fs import FileSystem, copy_files
from stancewire import Tagger
from stancewire.documents import Article, Skipped, read_articles
from stancewire.ray import ClusterError, Written, tag_dataset, tag_files
from stancewire.records import parquet_schema, records
from stancewire.tagger import ARTICLES_AHEAD

ray = pytest.importorskip("ray")
pytest.importorskip("ray.data")

ROWS: list[dict[str, Any]] = [
    {
        "id": "a",
        "text": "Oslo accused Moscow of jamming signals. It rained.",
        "date": "2024-05-01",
        "title": "On signals",
    },
    {"id": "b", "text": "Tehran denied arming anyone.", "date": "2024-05-02", "title": ""},
    {"id": "c", "text": "外交部否认了这些指控。他说没有。", "date": None, "title": None},
    {"id": "d", "text": "Lima warned Quito of a flood.", "date": "2024-05-03", "title": None},
]


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket on an S3 server of our own, whose address Arrow takes from the environment."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ACCESS_KEY_ID", "anyone")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "anything")
        system, _ = FileSystem.from_uri("s3://?allow_bucket_creation=true")
        system.create_dir("news")
        yield "s3://news"
    server.stop()


@pytest.fixture(scope="module", autouse=True)
def cluster(bucket: str) -> Iterator[None]:  # its workers see the environment as it is now
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # no network
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger.load(threads=2)


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def plain(tagger: Tagger, *paths: Path, only_stances: bool = False) -> list[dict[str, Any]]:
    """What the plain engine gives, with faults as records."""
    found: list[dict[str, Any]] = []
    items = list(read_articles(paths))
    tagged = iter(tagger.predict([item.text for item in items if isinstance(item, Article)]))
    for item in items:
        if isinstance(item, Article):
            found.extend(records(item, next(tagged), only_stances))
        else:
            found.append({"article": item.where, "stances": [], "error": item.why})
    return found


def in_order(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records by article and sentence, without the fields that are null."""
    bare = [{name: value for name, value in row.items() if value is not None} for row in found]
    return sorted(bare, key=lambda row: (row["article"], row.get("sentence", -1)))


def same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """All alike but for the last decimal of a score: sums depend on what shares a run."""
    scores: tuple[list[float], list[float]] = ([], [])
    assert without(in_order(found), scores[0]) == without(in_order(expected), scores[1])
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)


def without(value: Any, scores: list[float]) -> Any:
    """The value without the numbers that are no offsets, which go to `scores`."""
    if isinstance(value, float):
        scores.append(value)
        return None
    if isinstance(value, dict):
        return {name: without(part, scores) for name, part in value.items()}
    return [without(part, scores) for part in value] if isinstance(value, list) else value


def written(folder: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet

    found: list[dict[str, Any]] = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".parquet":
            found.extend(pyarrow.parquet.read_table(path).to_pylist())
        elif path.suffix == ".jsonl":
            found.extend(map(json.loads, path.read_text(encoding="utf-8").splitlines()))
        else:
            assert path.name == "_SUCCESS"
    assert (folder / "_SUCCESS").exists()
    return found


def test_dataset_gives_the_plain_records_and_tells_bad_rows(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(lines(ROWS))
    days: list[dict[str, Any]] = [
        {"date": date(2024, 5, day)} if day else {} for day in (1, 2, 0, 3)
    ]
    rows = [{**row, "date": None, **day} for row, day in zip(ROWS, days, strict=True)]
    bad = [
        {"id": 5, "text": None},
        {"id": 6},
        {"id": 7, "text": 3.5},
        {"id": 8, "text": " \n"},
        {"id": 9, "text": "a\0b"},
        {"text": None},
    ]
    tagged = tag_dataset(ray.data.from_items([*rows, *bad], override_num_blocks=2)).materialize()
    assert tagged.schema().names == [*parquet_schema().names, "error"]
    assert list(tagged.schema().types)[:-1] == parquet_schema().types
    found = tagged.take_all()
    good = [row for row in found if row["error"] is None]
    same(good, plain(tagger, tmp_path / "in.jsonl"))
    told = {row["article"]: row for row in found if row["error"] is not None}
    no_string = "no field `text` with a string in it"
    assert {name: row["error"] for name, row in told.items()} == {
        "5": no_string, "6": no_string, "7": no_string, "8": "empty",
        "9": "binary, not text", None: no_string,
    }  # fmt: skip
    assert all(row["stances"] == [] and row["sentence"] is None for row in told.values())


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_killed_workers_lose_nothing(tagger: Tagger, tmp_path: Path) -> None:
    """One is killed where it loads the model, two where they tag."""
    rng = random.Random(0)
    some = ("accused Moscow of it", "denied it", "met in Lima", "warned Quito of floods", "slept")
    rows = [
        {"id": str(i), "text": " ".join(f"Oslo {rng.choice(some)} on day {j}." for j in range(2))}
        for i in range(4 * ARTICLES_AHEAD)
    ]
    (tmp_path / "in.jsonl").write_bytes(lines(rows))
    expected = plain(tagger, tmp_path / "in.jsonl")
    killed: list[tuple[int, str]] = []
    done = threading.Event()

    def kill() -> None:
        for state in ("__init__", "submit", "submit"):
            while not done.is_set():
                found = [one for one in workers() if state in one[1] and one not in killed]
                if found:
                    os.kill(found[0][0], signal.SIGKILL)
                    killed.append(found[0])
                    break
                time.sleep(0.002)

    killer = threading.Thread(target=kill)
    killer.start()
    found = tag_dataset(ray.data.from_items(rows, override_num_blocks=4), workers=2).take_all()
    done.set()
    killer.join()
    assert len({process for process, _ in killed}) == 3
    same(found, expected)


def workers() -> list[tuple[int, str]]:
    """The processes below this one that hold a tagger, and what they do."""
    found, above = [], {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            above[int(folder.name)] = int(
                (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
            )
        except OSError:  # it has ended
            continue
        if "_Worker" in title:
            found.append((int(folder.name), title))

    def ours(process: int) -> bool:
        while process > 1 and process != os.getpid():
            process = above.get(process, 0)
        return process == os.getpid()

    return [one for one in found if ours(one[0])]


def test_files_in_and_out(tagger: Tagger, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    folder = tmp_path / "in"
    folder.mkdir()
    no_names = [{"text": row["text"]} for row in ROWS[:2]]
    half = b'{"id": "half", "text": "Oslo \\ud800 denied it."}\n'
    (folder / "a.jsonl").write_bytes(lines(no_names) + b"{broken\n" + half + b'{"text": 3}\n')
    pyarrow.parquet.write_table(pa.Table.from_pylist(ROWS), folder / "b.parquet")
    (folder / "c.parquet").write_bytes(b"PAR1junk")
    (folder / "d.jsonl").write_bytes(b"")
    (folder / "notes.md").write_text("not rows", encoding="utf-8")
    inputs = [folder / name for name in ("a.jsonl", "b.parquet", "c.parquet", "d.jsonl")]
    expected = plain(tagger, *inputs)
    faults = sum("error" in row for row in expected)
    assert faults == 4
    expected = mended(expected)

    said: list[Skipped] = []
    counts = tag_files([folder], tmp_path / "out", workers=2, said=said.append)
    assert counts == Written(len(expected) - faults, faults)
    same(written(tmp_path / "out"), expected)
    assert [item.where for item in said] == [str(folder / "notes.md")]

    uri, out = folder.as_uri(), tmp_path / "out.jsonl"
    tag_files([f"{uri}/a.jsonl", f"{uri}/b.parquet"], out.as_uri(), form="jsonl", only_stances=True)
    some = plain(tagger, *inputs[:2], only_stances=True)
    for row in some:
        row["article"] = row["article"].replace(str(folder), uri)
    same(written(out), mended(some))


def test_files_in_an_object_store(tagger: Tagger, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(ROWS) + b"{broken\n")
    system, place = FileSystem.from_uri(bucket)
    with system.open_output_stream(f"{place}/in/a.jsonl") as file:
        file.write((tmp_path / "a.jsonl").read_bytes())
    expected = plain(tagger, tmp_path / "a.jsonl")
    for row in expected:
        row["article"] = row["article"].replace(str(tmp_path), f"{bucket}/in")
    assert tag_files([f"{bucket}/in"], f"{bucket}/out") == Written(len(expected) - 1, 1)
    (tmp_path / "out").mkdir()
    copy_files(f"{bucket}/out", str(tmp_path / "out"))
    same(written(tmp_path / "out"), expected)
    with pytest.raises(ClusterError, match="news/out: exists already"):
        tag_files([f"{bucket}/in"], f"{bucket}/out")


def mended(found: list[dict[str, Any]]) -> Any:
    """With what stands for half of a character, which Arrow cannot hold."""
    return json.loads(json.dumps(found).replace("\\ud800", "\\ufffd"))


def test_what_cannot_be_done_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, full = tmp_path / "in.jsonl", tmp_path / "full"
    source.write_bytes(lines(ROWS))
    (tmp_path / "in.txt").write_text("It rained.", encoding="utf-8")
    full.mkdir()
    (full / "mine").touch()
    new = tmp_path / "new"
    for paths, output, why in (
        ([tmp_path / "gone.jsonl"], new, "gone.jsonl: no such file"),
        ([f"{tmp_path.as_uri()}/gone.jsonl"], new, "gone.jsonl: no such file"),
        ([tmp_path / "in.txt"], new, "not of a kind that is read"),
        ([full], new, "no file with rows"),
        (["ftp://there/a.jsonl"], new, "ftp://there/a.jsonl: cannot be opened"),
        ([source], full, "full: exists already; name a new folder"),
        ([source], source, "in.jsonl: exists already"),
        ([source], source / "below", "cannot be written|is not complete"),
    ):
        with pytest.raises(ClusterError, match=why):
            tag_files(paths, output)
    with pytest.raises(ValueError, match="no such model folder"):
        tag_files([source], new, model=tmp_path / "no model")
    dataset = ray.data.from_items(ROWS)
    with pytest.raises(ClusterError, match="no column `body`; it has id, text, date, title"):
        tag_dataset(dataset, "body")
    with pytest.raises(ClusterError, match="workers must be 1 or more"):
        tag_dataset(dataset, workers=0)
    assert not new.exists()

    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.data", None)
    with pytest.raises(ClusterError, match=r'^needs ray; run: pip install "stancewire\[ray\]"$'):
        tag_files([source], new)
