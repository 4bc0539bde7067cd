"""How `stancewire serve` bears load, on this machine's loopback.

    python -m stancewire.training.load

One process tags articles, then serves the same to a client in this one: as many as it can,
half as many, twice as many. Requests go out by schedule (Poisson arrivals), whether or not
earlier ones are answered, and latency counts from the scheduled moment; a client that waits
for answers would leave out just the requests that would have waited longest. The client
works on the same cores, so its own share of the time is printed too.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import httpx
import numpy as np
from stancewire import Tagger, seeds
from stancewire.documents import Article
from stancewire.records import records
from stancewire.tagger import available_cores

_AT_ONCE = 8  # requests under way while the most that is served is measured


@dataclass(frozen=True)
class _Reply:
    """What became of a request: an HTTP status or an error's name; seconds; the right answer."""

    status: int | str
    seconds: float
    right: bool


@dataclass(frozen=True)
class _Rate:
    """Sentences, the seconds that they took, and the seconds of a core, None if not known.

    Where other programs want the cores too, the latter compares better.
    """

    sentences: int
    seconds: float
    cores: float | None

    def __str__(self) -> str:
        each = f", {self.sentences / self.cores:.1f} a second of a core" if self.cores else ""
        return f"{self.sentences / self.seconds:6.1f} sentences/s{each}"


@click.command()
@click.option("--articles", "count", default=60, show_default=True, help="how many there are")
@click.option("--seconds", default=30.0, show_default=True, help="how long each load lasts")
@click.option("--threads", default=available_cores(), show_default=True)
@click.option("--waiting", default=64, show_default=True, help="requests that may wait")
@click.option("--model", type=click.Path(path_type=Path), help="a model folder  [default: in use]")
def main(count: int, seconds: float, threads: int, waiting: int, model: Path | None) -> None:
    """Prints rates, latencies, and what became of every request."""
    texts = _articles(count)
    tagger = Tagger.load(model, threads)
    tagged = tagger.predict(texts)  # the first time everything is cold
    sentences = sum(map(len, tagged))
    began, worked = time.perf_counter(), time.process_time()
    tagger.predict(texts)
    alone = _Rate(sentences, time.perf_counter() - began, time.process_time() - worked)
    click.echo(
        f"{count} articles, {sentences} sentences, {threads} threads on {available_cores()} cores "
        "that the client works on too"
    )
    click.echo(f"in-process: {alone}")
    expected = [
        json.loads(json.dumps(list(records(Article("1", text), found))))
        for text, found in zip(texts, tagged, strict=True)
    ]
    del tagger
    with _server(threads, waiting, model) as (url, process):
        asyncio.run(_load(url, process, texts, expected, seconds, alone))


def _articles(count: int) -> list[str]:
    """Articles of 4 to 36 sentences, of the seeds in the manner of real news."""
    rng = random.Random(0)
    lines = [s.text for s in seeds.load() if "like" in s.more]
    return [" ".join(rng.choices(lines, k=rng.randint(4, 36))) for _ in range(count)]


@contextmanager
def _server(threads: int, waiting: int, model: Path | None) -> Iterator[tuple[str, int]]:
    """The address and process id of a server, which is told to stop at the end."""
    limits = ["--threads", str(threads), "--waiting", str(waiting)]
    more = ["--model", str(model)] if model else []
    command = [sys.executable, "-m", "stancewire", "serve", "--port", "0", *limits, *more]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        said = run.stderr.readline()
        address = re.search(r"http://\S+", said)
        if address is None:
            raise click.ClickException(said + run.stderr.read())
        threading.Thread(
            target=shutil.copyfileobj, args=(run.stderr, sys.stderr), daemon=True
        ).start()
        try:
            yield address[0], run.pid
        finally:
            run.terminate()
            click.echo(f"told to stop, the server ended with status {run.wait()}")


def _worked(process: int) -> float | None:
    """Seconds of a core that a process has used so far, where the system tells (Linux)."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


async def _load(
    url: str, process: int, texts: Sequence[str], expected: Sequence[Any], seconds: float,
    alone: _Rate,
) -> None:  # fmt: skip
    sizes = [len(found) for found in expected]
    unlimited = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=url, limits=unlimited, timeout=300) as client:

        async def ask(number: int, due: float) -> _Reply:
            try:
                got = await client.post("/tag", json={"text": texts[number]})
            except httpx.HTTPError as error:
                return _Reply(type(error).__name__, time.perf_counter() - due, False)
            taken = time.perf_counter() - due
            right = got.status_code == 200 and (
                got.json()["articles"][0]["sentences"] == expected[number]
            )
            return _Reply(got.status_code, taken, right)

        await asyncio.gather(*(ask(i, 0.0) for i in range(min(len(texts), _AT_ONCE))))  # cold
        done = 0
        order = iter(range(sys.maxsize))
        began, worked, served = time.perf_counter(), time.process_time(), _worked(process)

        async def keep_asking() -> None:
            nonlocal done
            while time.perf_counter() - began < seconds:
                number = next(order) % len(texts)
                reply = await ask(number, time.perf_counter())
                done += sizes[number] * reply.right

        await asyncio.gather(*(keep_asking() for _ in range(_AT_ONCE)))
        took = time.perf_counter() - began
        now = _worked(process)
        cores = now - served if now is not None and served is not None else None
        share = (done / took) / (alone.sentences / alone.seconds)
        busy = (time.process_time() - worked) / took
        click.echo(
            f"served:     {_Rate(done, took, cores)}; {share:.0%} of the in-process rate, "
            f"{_AT_ONCE} requests at once (the client took {busy:.0%} of a core)"
        )
        articles = done / took / (sum(sizes) / len(sizes))
        for name, times in (("half the load", 0.5), ("twice the load", 2.0)):
            await _open_loop(name, articles * times, seconds, len(texts), ask)
            health = (await client.get("/health")).json()
            after = await ask(0, time.perf_counter())
            click.echo(
                f"    then: health {health['status']}, {health['waiting']} waiting, and an article "
                f"is {'tagged rightly' if after.right else 'NOT tagged rightly'}"
            )


async def _open_loop(name: str, rate: float, seconds: float, count: int, ask: Any) -> None:
    """Sends requests at `rate` a second by schedule, and prints what became of them."""
    rng = random.Random(1)
    worked = time.process_time()
    began = time.perf_counter()
    due, late, asked = began, 0.0, []
    while (due := due + rng.expovariate(rate)) < began + seconds:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        late = max(late, time.perf_counter() - due)
        asked.append(asyncio.ensure_future(ask(rng.randrange(count), due)))
    replies: list[_Reply] = list(await asyncio.gather(*asked))
    busy = (time.process_time() - worked) / (time.perf_counter() - began)
    statuses = Counter(reply.status for reply in replies)
    taken = [reply.seconds for reply in replies if reply.status == 200]
    wrong = sum(reply.status == 200 and not reply.right for reply in replies)
    refused = [reply.seconds for reply in replies if reply.status == 429]
    click.echo(f"{name}: {rate:.2f} articles/s for {seconds:g} s, {len(replies)} requests")
    told = ", ".join(f"{count} times {status}" for status, count in statuses.most_common())
    lost = len(replies) - statuses[200] - statuses[429]
    click.echo(f"    {told}; {wrong} answers wrong, {lost} requests lost")
    if taken:
        half, most = np.percentile(taken, [50, 99])
        click.echo(f"    latency of the 200s: median {half:.2f} s, 99th percentile {most:.2f} s")
    if refused:
        click.echo(f"    of the 429s: 99th percentile {np.percentile(refused, 99):.2f} s")
    click.echo(f"    the client sent at most {late:.2f} s late and took {busy:.0%} of a core")


if __name__ == "__main__":
    main()
