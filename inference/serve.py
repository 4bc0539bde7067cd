"""Tagging over HTTP: `POST /tag`, `GET /health`, and a page that describes both.

Articles in, the records that `stancewire tag` writes out. A request waits until it is read,
has its place among those that are tagged together (`batching`) and is answered, or is told
in a sentence why not; how much may wait, and how long, is limited.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline

from .batching import Abandoned, Batches, Job, TagsSentences
from .documents import Article
from .language import looks_english
from .records import records
from .serve_schema import Health, Problem, TagAnswer, TagRequest
from .tagger import sentence_bounds, with_resolved
from .types import TaggedSentence


@dataclass(frozen=True)
class Limits:
    """What a request may cost: bytes of its body, texts in it, and seconds until its answer.

    `waiting` is the number of requests that are read, wait or are tagged at a time.
    """

    bytes: int = 1_000_000
    texts: int = 100
    waiting: int = 64
    seconds: float = 60


class Serves(TagsSentences, Protocol):
    """What is needed of a tagger: `tag_sentences`, and the hashes of its files."""

    config: dict[str, Any]


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        400: "The body is not JSON.",
        408: "The body took too long to arrive.",
        413: "Too many bytes or texts in one request.",
        415: "The body is not called JSON.",
        422: "The JSON is not what is expected.",
        429: "Too many requests wait already; try again after `Retry-After` seconds.",
        503: "It was not begun in time, or the server is stopping; try again.",
        504: "It was begun and not done in time; send less at once.",
    }.items()
}
_AGAIN = {"Retry-After": "1"}


def create_app(
    tagger: Serves, *, model: str = "", threads: int = 1, limits: Limits | None = None
) -> FastAPI:
    """The application, for any ASGI server.

    `model` is the name that `/health` gives; `threads` says for how many cores a batch is
    made, as many as the tagger uses.
    """
    kept = limits or Limits()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.batches = Batches(tagger, threads)
        yield
        app.state.batches.close()
        await asyncio.to_thread(app.state.batches.join)

    app = FastAPIOffline(  # its page takes its scripts from here, not from elsewhere
        redoc_url=None,
        title="stancewire",
        version=version("stancewire"),
        description="Who accuses whom of what, who denies what, who warns whom.",
        lifespan=lifespan,
    )
    app.state.limits = kept
    app.state.waiting = 0
    app.router.route_class = _Route

    @app.post("/tag", response_model=TagAnswer, responses=_PROBLEMS)
    async def tag(wanted: TagRequest, request: Request) -> Response:
        """Tags one text or many."""
        articles = wanted.named()
        if len(articles) > kept.texts:
            raise HTTPException(
                413, f"{len(articles)} texts in one request; send at most {kept.texts} at once"
            )
        return await _in_time(request, app.state.batches, articles, wanted)

    @app.get("/health")
    async def health() -> Health:
        """Whether it works, with what, and how much waits."""
        return Health(
            status="ok",
            version=app.version,
            model=model,
            sha256=tagger.config["sha256"]["model.onnx"],
            waiting=app.state.waiting,
            most_waiting=kept.waiting,
        )

    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse("/docs")

    @app.exception_handler(RequestValidationError)
    async def told(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": _sentence(error)}, 422)

    return app


class _Route(APIRoute):
    """Where requests come in: not too many at a time, and each within the limits."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            if request.method != "POST":
                return await handle(request)
            state = request.app.state
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                raise HTTPException(
                    415, "send JSON, with the header content-type: application/json"
                )
            if state.waiting >= state.limits.waiting:
                raise HTTPException(
                    429, f"{state.waiting} requests wait already; try again later", _AGAIN
                )
            state.waiting += 1
            try:
                return await handle(_Bounded(request.scope, request.receive))
            finally:
                state.waiting -= 1

        return guarded


class _Bounded(Request):
    """A request of which no more is read than the limits allow."""

    _whole: bytes | None = None

    async def body(self) -> bytes:
        if self._whole is None:
            try:
                self._whole = await asyncio.wait_for(self._read(), self.app.state.limits.seconds)
            except asyncio.TimeoutError:
                raise HTTPException(408, "the body took too long to arrive") from None
        return self._whole

    async def _read(self) -> bytes:
        most = self.app.state.limits.bytes
        told = self.headers.get("content-length", "")
        parts: list[bytes] = []
        size = int(told) if told.isdigit() else 0
        if size <= most:
            size = 0
            async for part in self.stream():
                size += len(part)
                if size > most:
                    break
                parts.append(part)
        if size > most:
            raise HTTPException(413, f"the body is larger than {most:,} bytes; send less at once")
        return b"".join(parts)

    async def json(self) -> Any:
        try:
            return json.loads(await self.body())
        except RecursionError:
            raise HTTPException(400, "the JSON is nested too deeply") from None
        except UnicodeDecodeError as error:
            raise HTTPException(400, f"the body is not UTF-8 (byte {error.start})") from None
        except ValueError as error:
            raise HTTPException(400, f"the body is not JSON: {error}") from None


async def _in_time(
    request: Request, batches: Batches, articles: Sequence[Article], wanted: TagRequest
) -> Response:
    """The answer, unless it takes too long or the client leaves: then the rest is dropped."""
    jobs: list[Job] = []
    seconds = request.app.state.limits.seconds

    async def tagged() -> bytes:
        # away from the event loop, which has others to attend to
        bounds = await asyncio.to_thread(
            lambda: [sentence_bounds(article.text, wanted.split) for article in articles]
        )
        places = [(article.text, *place) for article, found in zip(articles, bounds, strict=True)
                  for place in found]  # fmt: skip
        jobs.append(batches.submit(places))
        done = await asyncio.wrap_future(jobs[0].answer)
        found = iter(done)
        return await asyncio.to_thread(
            lambda: _written(
                [
                    (article, [next(found) for _ in places])
                    for article, places in zip(articles, bounds, strict=True)
                ],
                wanted,
            )
        )

    answer = asyncio.ensure_future(tagged())
    # the body has been read: what comes now is that the client has left
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((answer, gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return Response(answer.result(), media_type="application/json")
    except Abandoned:
        raise HTTPException(503, "the server is stopping", _AGAIN) from None
    finally:
        for job in jobs:  # at once: before the loop comes to it, it could have its turn
            job.answer.cancel()
        answer.cancel()
        gone.cancel()
    if not jobs or not jobs[0].given:
        raise HTTPException(503, f"not begun within {seconds:g} seconds; try again later", _AGAIN)
    raise HTTPException(504, f"not done within {seconds:g} seconds; send less at once")


def _written(tagged: Sequence[tuple[Article, list[TaggedSentence]]], wanted: TagRequest) -> bytes:
    """The body of the answer (see `TagAnswer`)."""
    found = []
    for article, sentences in tagged:
        whole = with_resolved(article.text, sentences) if wanted.split else sentences
        found.append(
            {
                "article": article.name,
                "english": looks_english(article.text),
                "sentences": list(records(article, whole, wanted.only_stances)),
            }
        )
    return json.dumps({"articles": found}, ensure_ascii=False).encode()


def _sentence(error: RequestValidationError) -> str:
    """What is wrong with a request, the first three things of it."""
    wrong = [
        f"{'.'.join(map(str, e['loc'][1:])) or 'body'}: {e['msg'].removeprefix('Value error, ')}"
        for e in error.errors()
    ]
    more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return "; ".join(wrong[:3]) + more
