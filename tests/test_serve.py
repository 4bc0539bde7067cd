"""`stancewire serve`: over real sockets; a tagger that waits for the test where waiting counts."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from stancewire import TaggedSentence, Tagger, predict
from stancewire.batching import SHARE, Abandoned, Batches, Place
from stancewire.documents import Article
from stancewire.records import records

httpx = pytest.importorskip("httpx")
uvicorn = pytest.importorskip("uvicorn")
pytest.importorskip("fastapi_offline")
from pydantic_core import from_json  # noqa: E402
from stancewire.serve import Limits, create_app  # noqa: E402
from stancewire.serve_schema import TagAnswer  # noqa: E402

DENIAL = "Ostrava Nova denied laying the mines."


class Gate:
    """Calls every sentence neutral, as soon as the gate is open; fails at "bad"."""

    config: dict[str, Any] = {"sha256": {"model.onnx": "0" * 64}}  # noqa: RUF012

    def __init__(self, opened: bool = True) -> None:
        self.open = threading.Event()
        self.begun = threading.Event()
        self.batches: list[list[str]] = []
        if opened:
            self.open.set()

    def tag_sentences(self, places: Sequence[Place]) -> list[TaggedSentence]:
        texts = [text[start:end] for text, start, end in places]
        self.batches.append(texts)
        self.begun.set()
        assert self.open.wait(60)
        if "bad" in texts:
            raise MemoryError("bad")
        scores = {"accuses": 0.0, "denies": 0.0, "warns": 0.0, "neutral": 1.0}
        return [
            TaggedSentence(text, start, end, "neutral", 1.0, scores)
            for text, (_, start, end) in zip(texts, places, strict=True)
        ]


@contextmanager
def serving(tagger: Any, limits: Limits | None = None) -> Iterator[Any]:
    """A client of a server in a thread, on a free port."""
    app = create_app(tagger, model="tested", limits=limits)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, http="h11", ws="none", log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with httpx.Client(base_url=url, timeout=60) as client:
                yield client
        finally:
            if isinstance(tagger, Gate):
                tagger.open.set()
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with serving(Tagger.load(threads=1)) as client:
        yield client


@pytest.fixture(scope="module")
def quick() -> Iterator[Any]:
    limits = Limits(bytes=2000, texts=3, seconds=0.5)
    with serving(Gate(), limits) as client:
        yield client


def until(true: Any) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waiting(client: Any) -> int:
    return int(client.get("/health").json()["waiting"])


def expected(article: Article, **options: Any) -> list[dict[str, Any]]:
    return list(records(article, predict(article.text, **options)))


def sentences(client: Any, body: dict[str, Any]) -> list[list[dict[str, Any]]]:
    got = client.post("/tag", json=body)
    assert got.status_code == 200, got.text
    TagAnswer.model_validate_json(got.content, strict=True)
    return [article["sentences"] for article in got.json()["articles"]]


def test_answers_are_what_predict_finds(client: Any, examples: Path) -> None:
    texts = [p.read_text(encoding="utf-8") for p in sorted(examples.glob("*.txt"))]
    alone = [expected(Article("1", text)) for text in texts]
    assert [sentences(client, {"text": text})[0] for text in texts] == alone
    many = [expected(Article(str(i), text)) for i, text in enumerate(texts, 1)]
    assert sentences(client, {"texts": [*texts, " "]}) == [*many, []]
    assert any(record["stances"] for found in many for record in found)
    with ThreadPoolExecutor(8) as pool:
        together = pool.map(lambda i: sentences(client, {"text": texts[i % 2]})[0], range(16))
        assert list(together) == [alone[i % 2] for i in range(16)]


def test_articles_with_what_names_them(client: Any) -> None:
    about = {"title": "Mines", "date": "2024-05-01"}
    rows = [{"id": "a", "text": DENIAL, **about, "other": 1}, {"id": 7, "text": DENIAL}]
    first, second = sentences(client, {"articles": [*rows, {"text": ""}]})[:2]
    assert first == expected(Article("a", DENIAL, "Mines", "2024-05-01"))
    assert second == expected(Article("7", DENIAL))
    got = client.post("/tag", json={"articles": [{"text": ""}]}).json()
    assert got == {"articles": [{"article": "1", "english": True, "sentences": []}]}


def test_options(client: Any) -> None:
    text = "It rained. " + DENIAL
    (one,) = sentences(client, {"text": text, "split": False})
    assert one == expected(Article("1", text), split=False)
    assert len(one) == 1
    (some,) = sentences(client, {"text": text, "only_stances": True})
    assert [record["sentence"] for record in some] == [1]


def test_other_languages_are_told(client: Any) -> None:
    text = "Das Ministerium wies die Vorwürfe am Montag zurück und sprach von einer Lüge. " * 3
    got = client.post("/tag", json={"texts": [text, DENIAL]}).json()["articles"]
    assert [article["english"] for article in got] == [False, True]
    assert got[0]["sentences"][0]["english"] is False
    assert "english" not in got[1]["sentences"][0]


def test_hostile_strings(client: Any) -> None:
    texts = [
        "\ud83d " + DENIAL,
        "\x00 " + DENIAL,
        "é\u0301 \u202e 👩🏽‍🚀 " + DENIAL,
        "\ufeff",
        "\x00",
    ]
    body = json.dumps({"texts": texts}).encode()
    got = client.post("/tag", content=body, headers={"content-type": "application/json"})
    assert got.status_code == 200
    answer = from_json(got.content)  # a strict reader: no half characters
    for text, article in zip(texts, answer["articles"], strict=True):
        clean = text.replace("\ud83d", "\ufffd")
        for record, sentence in zip(article["sentences"], predict(text), strict=True):
            assert (record["start"], record["end"]) == (sentence.start, sentence.end)
            assert record["text"] == clean[record["start"] : record["end"]]
            assert record["label"] == sentence.label
            for span in (s for stance in record["stances"] for s in stance["source"]):
                assert clean[span["start"] : span["end"]] == span["text"]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 422, "body: Field required"),
        (b"{", 400, "the body is not JSON: "),
        (b"[" * 1900, 400, "the JSON is nested too deeply"),
        (b'{"text": "caf\xe9"}', 400, "the body is not UTF-8 (byte 13)"),
        (b'{"id": ' + b"9" * 1900 + b"}", 422, "id: Extra inputs are not permitted"),
        (b"[]", 422, "body: "),
        (b"{}", 422, "give one of `text`, `texts` and `articles`"),
        (b'{"text": "a", "texts": []}', 422, "give one of"),
        (b'{"text": 3}', 422, "text: Input should be a valid string"),
        (b'{"texts": ["a", null]}', 422, "texts.1: Input should be a valid string"),
        (b'{"articles": [{"id": 3}]}', 422, "articles.0.text: Field required"),
        (b'{"text": "a", "split": "no"}', 422, "split: Input should be a valid boolean"),
        (b'{"texts": [1, 2, 3, 4, 5]}', 422, "; and 2 more"),
        (b'{"texts": ["", "", "", ""]}', 413, "4 texts in one request; send at most 3"),
        (b'{"text": "' + b"a" * 2000 + b'"}', 413, "larger than 2,000 bytes"),
    ],
)
def test_bad_requests_are_told_in_a_sentence(
    quick: Any, body: bytes, status: int, told: str
) -> None:
    kind = {"content-type": "application/json; charset=utf-8"}
    for content in (body, (part for part in (body[:7], body[7:]))):  # whole, and in chunks
        got = quick.post("/tag", content=content, headers=kind)
        assert got.status_code == status, got.text
        assert told in got.json()["detail"]
    assert waiting(quick) == 0


def test_only_json_by_name(quick: Any) -> None:
    # a page in a browser could send other kinds here without asking
    for headers in ({}, {"content-type": "text/plain"}):
        got = quick.post("/tag", content=b'{"text": "a"}', headers=headers)
        assert got.status_code == 415
        assert "content-type: application/json" in got.json()["detail"]
    assert quick.get("/tag").status_code == 405
    allowed = quick.options("/tag", headers={"origin": "http://a", "access-control-request-method": "POST"})  # fmt: skip  # noqa: E501
    assert not [name for name in allowed.headers if name.startswith("access-control")]


def test_endless_and_slow_bodies(quick: Any) -> None:
    head = b"POST /tag HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    address = (quick.base_url.host, quick.base_url.port)
    with socket.create_connection(address, timeout=30) as slow:
        slow.sendall(head + b"content-length: 20\r\n\r\n{")
        assert b" 408 " in slow.recv(4096).split(b"\r\n")[0]
    with socket.create_connection(address, timeout=30) as endless:
        endless.sendall(head + b"transfer-encoding: chunked\r\n\r\n")
        for _ in range(5):
            endless.sendall(b"200\r\n" + b"a" * 512 + b"\r\n")
        assert b" 413 " in endless.recv(4096).split(b"\r\n")[0]
    assert waiting(quick) == 0


def test_more_than_may_wait_are_told_to_come_again() -> None:
    gate = Gate(opened=False)
    with serving(gate, Limits(waiting=4)) as client, ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(client.post, "/tag", json={"text": "It is 0."})]
        assert gate.begun.wait(30)
        more = [{"text": f"It is {i}."} for i in range(1, 12)]
        asked += [pool.submit(client.post, "/tag", json=body) for body in more]
        until(lambda: sum(run.done() for run in asked) == 8)
        refused = [run.result() for run in asked if run.done()]
        assert {got.status_code for got in refused} == {429}
        assert {got.headers["retry-after"] for got in refused} == {"1"}
        began = time.monotonic()
        assert client.get("/health").json()["waiting"] == 4
        assert time.monotonic() - began < 5
        gate.open.set()
        assert sorted(run.result().status_code for run in asked) == [200] * 4 + [429] * 8
        assert client.post("/tag", json={"text": "It is over."}).status_code == 200
        assert waiting(client) == 0
    # the first began alone; those that came meanwhile went together
    assert [len(batch) for batch in gate.batches] == [1, 3, 1]


def test_what_takes_too_long_is_told_and_dropped() -> None:
    gate = Gate(opened=False)
    with serving(gate, Limits(seconds=0.5)) as client, ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.post, "/tag", json={"text": "It is begun. " * 200})
        assert gate.begun.wait(30)
        second = pool.submit(client.post, "/tag", json={"text": "It is dropped."})
        assert first.result().status_code == 504
        assert "not done within 0.5 seconds" in first.result().json()["detail"]
        assert second.result().status_code == 503
        assert "retry-after" in second.result().headers
        gate.open.set()
        assert client.post("/tag", json={"text": "It goes on."}).status_code == 200
    assert gate.batches[1:] == [["It goes on."]]  # neither the second nor the first's rest


def test_who_leaves_is_forgotten() -> None:
    gate = Gate(opened=False)
    with serving(gate) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/tag", json={"text": "It is begun."})
        assert gate.begun.wait(30)
        body = b'{"text": "It is dropped."}'
        head = f"POST /tag HTTP/1.1\r\nhost: a\r\ncontent-length: {len(body)}\r\n"
        with socket.create_connection((client.base_url.host, client.base_url.port)) as second:
            second.sendall(head.encode() + b"content-type: application/json\r\n\r\n" + body)
            until(lambda: waiting(client) == 2)
        until(lambda: waiting(client) == 1)
        gate.open.set()
        assert first.result().status_code == 200
    assert gate.batches == [["It is begun."]]


def test_much_text_does_not_keep_others_waiting() -> None:
    gate = Gate(opened=False)
    batches = Batches(gate)
    huge = batches.submit([("huge", 0, 4)] * 100 * SHARE)
    assert gate.begun.wait(30)
    small = [batches.submit([(f"s{i}", 0, 2)] * 20) for i in range(3)]
    gate.open.set()
    assert [len(job.answer.result(30)) for job in small] == [20, 20, 20]
    assert len(huge.answer.result(60)) == 100 * SHARE
    assert max(map(len, gate.batches)) <= 2 * SHARE
    # all of the small ones in the next two batches, between shares of the huge one
    assert sum(text[0] == "s" for batch in gate.batches[1:3] for text in batch) == 60
    batches.close()
    batches.join()


def test_one_text_that_fails_fails_alone() -> None:
    gate = Gate(opened=False)
    batches = Batches(gate)
    batches.submit([("first", 0, 5)])
    assert gate.begun.wait(30)
    good, bad, empty = (
        batches.submit(places) for places in ([("good", 0, 4)], [("bad", 0, 3)], [])
    )
    gate.open.set()
    assert [sentence.text for sentence in good.answer.result(30)] == ["good"]
    with pytest.raises(MemoryError):
        bad.answer.result(30)
    assert empty.answer.result(30) == []
    assert len(batches.submit([("more", 0, 4)]).answer.result(30)) == 1
    batches.close()
    batches.join()


def test_close_abandons_what_waits() -> None:
    gate = Gate(opened=False)
    batches = Batches(gate)
    first = batches.submit([("first", 0, 5)])
    assert gate.begun.wait(30)
    second, third = batches.submit([("a", 0, 1)]), batches.submit([("b", 0, 1)])
    assert third.answer.cancel()
    batches.close()
    with pytest.raises(Abandoned):
        second.answer.result(30)
    with pytest.raises(CancelledError):
        third.answer.result(30)
    with pytest.raises(Abandoned):
        batches.submit([("c", 0, 1)]).answer.result(30)
    gate.open.set()
    assert len(first.answer.result(30)) == 1
    batches.join()


def test_page_fetches_nothing_from_elsewhere(quick: Any) -> None:
    page = quick.get("/", follow_redirects=True)
    assert page.url.path == "/docs"
    assert "//" not in page.text.replace("// ", "").replace("/*", "")
    for path in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f'"/static-offline-docs/{path}"' in page.text
        assert quick.get(f"/static-offline-docs/{path}").status_code == 200
    described = quick.get("/openapi.json").json()
    assert set(described["paths"]) == {"/tag", "/health"}
    tag = described["paths"]["/tag"]["post"]
    assert set(tag["responses"]) == {"200", "400", "408", "413", "415", "422", "429", "503", "504"}
    schemas = described["components"]["schemas"]
    assert {"TagRequest", "TagAnswer", "SentenceOut", "SourceOut", "Problem"} <= set(schemas)


@contextmanager
def started(*options: str) -> Iterator[tuple[Any, Any]]:
    """`stancewire serve` as its users start it, and a client."""
    command = [sys.executable, "-m", "stancewire", "serve", "--port", "0", "--threads", "1"]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        said = run.stderr.readline()
        try:
            assert "tags with the model shipped on 1 core" in said, said + run.stderr.read()
            url = said.split()[1]
            assert url.startswith("http://127.0.0.1:")
            with httpx.Client(base_url=url, timeout=120) as client:
                yield run, client
        finally:
            if run.poll() is None:
                run.kill()


def test_stops_orderly() -> None:
    text = "\n".join(f"{DENIAL} Oslo accused Lima of arson on day {i}." for i in range(40))
    for sig, grace, status in ((signal.SIGTERM, "60", 200), (signal.SIGINT, "0", 503)):
        with started("--grace", grace) as (run, client), ThreadPoolExecutor(1) as pool:
            health = client.get("/health").json()
            assert (health["status"], len(health["sha256"])) == ("ok", 64)
            repeated = {"texts": [text] * 20} if grace == "0" else {"text": text}
            asked = pool.submit(client.post, "/tag", json=repeated)
            until(lambda client=client: waiting(client) == 1)
            run.send_signal(sig)
            got = asked.result()
            assert got.status_code == status, got.text
            assert run.wait(30) == 0
            assert run.stderr.read() == ""
            if status == 200:
                assert got.json()["articles"][0]["sentences"] == expected(Article("1", text))
            else:
                assert got.json()["detail"] == "the server is stopping"
            with pytest.raises(httpx.ConnectError):
                client.get("/health")


def test_overload_is_refused_and_borne(examples: Path) -> None:
    text = (examples / "strait.txt").read_text(encoding="utf-8")
    with started("--waiting", "3") as (run, client), ThreadPoolExecutor(24) as pool:
        got = list(pool.map(lambda _: client.post("/tag", json={"text": text}), range(48)))
        statuses = [answer.status_code for answer in got]
        assert set(statuses) == {200, 429}
        for answer in got:
            if answer.status_code == 200:
                found = answer.json()["articles"][0]["sentences"]
                assert found == expected(Article("1", text))
        assert client.get("/health").json() | {"waiting": 0} == client.get("/health").json()
        run.terminate()
        assert run.wait(30) == 0


def cannot_serve(*options: str, code: str = "") -> str:
    start = f"{code}\nfrom stancewire.cli import main; main(prog_name='stancewire')"
    done = subprocess.run(
        [sys.executable, "-c", start, "serve", *options], capture_output=True, text=True,
        env=os.environ | {"HF_HUB_OFFLINE": "1"}, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_what_keeps_it_from_starting_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = cannot_serve("--port", port)
        assert f"127.0.0.1 port {port}: Address already in use; name others" in told
    assert "no.such.host.invalid port 8000: " in cannot_serve("--host", "no.such.host.invalid")
    assert "--max-bytes" in cannot_serve("--max-bytes", "0")
    without = "import sys; sys.modules['fastapi'] = None"
    assert 'fastapi; run: pip install "stancewire[serve]"' in cannot_serve(code=without)
