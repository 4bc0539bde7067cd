"""`stancewire serve`."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .messages import MODEL, counted, fail, plain_warnings

if TYPE_CHECKING:
    from fastapi import FastAPI


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="And its port; 0 takes a free one.",
)
@click.option("--threads", type=click.IntRange(1), help="Cores to use.  [default: all]")
@click.option(
    "--max-bytes",
    type=click.IntRange(1),
    default=1_000_000,
    show_default=True,
    help="Bytes of a request.",
)
@click.option(
    "--max-texts",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Texts in a request.",
)
@click.option(
    "--waiting",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    help="Requests that may wait; further ones are told to come again (429).",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds for a body to arrive (408), and again for its answer (503, 504).",
)
@click.option(
    "--grace",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="Seconds for what is under way when the server is told to stop.",
)
@MODEL
def serve(
    host: str,
    port: int,
    threads: int | None,
    max_bytes: int,
    max_texts: int,
    waiting: int,
    timeout: float,
    grace: int,
    model: Path | None,
) -> None:
    """Tag over HTTP: POST /tag, GET /health; /docs describes them.

    Listens on this machine alone, unless --host says otherwise; who can reach the port can
    have texts tagged. An interrupt (Ctrl-C) or SIGTERM stops it: what is under way is
    finished first, within --grace.
    """
    try:
        from .serve import Limits, create_app
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("stancewire"):
            raise
        fail(f'serve needs {error.name}; run: pip install "stancewire[serve]"')
    from .model import FOLDER
    from .models import SHIPPED, current
    from .tagger import Tagger, available_cores

    listening = _listen(host, port)
    folder = model or current()
    threads = threads or available_cores()
    tagger = Tagger.load(folder, threads)
    name = SHIPPED if folder == FOLDER else folder.name
    app = create_app(
        tagger, model=name, threads=threads, limits=Limits(max_bytes, max_texts, waiting, timeout)
    )
    shown = f"[{host}]" if ":" in host else host
    click.echo(
        f"stancewire: http://{shown}:{listening.getsockname()[1]} tags with the model {name} on "
        f"{counted(threads, 'core')}; Ctrl-C ends it",
        err=True,
    )
    with plain_warnings(), listening:
        _run(app, listening, grace)


def _listen(host: str, port: int) -> socket.socket:
    """The socket; taken before the model is loaded, so that trouble is told at once."""
    try:
        (family, *_, address) = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        # what Python adds to the system's own words says the same again
        number = error.errno or 0  # negative where a name is not found
        why = os.strerror(number) if number > 0 else error.strerror
        fail(f"{host} port {port}: {why or error}; name others with --host and --port")


def _run(app: FastAPI, listening: socket.socket, grace: int) -> None:
    """Serves until a signal comes, then `grace` seconds at most."""
    import signal
    import threading

    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: Any) -> None:
            super().handle_exit(sig, frame)
            # what is not done by then is told so; uvicorn's own way is to cut it off
            timer = threading.Timer(grace, lambda: app.state.batches.close())
            timer.daemon = True
            timer.start()

    server = Server(
        uvicorn.Config(
            app, http="h11", ws="none", log_level="warning", access_log=False,
            server_header=False, timeout_graceful_shutdown=grace + 5,
        )
    )  # fmt: skip
    # uvicorn passes a signal on when it has stopped; being told to stop is no failure
    for sig in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sig, server.handle_exit)
    server.run(sockets=[listening])
