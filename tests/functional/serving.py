"""An application in a thread of its own, for the browser to visit: small ones by WSGI, the real site by ASGI."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import uvicorn

from commonweal.web import live


class ThreadingServer(socketserver.ThreadingMixIn, WSGIServer):
    """Answers several requests at once: an event stream stays open while the page loads its files."""

    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the test says what it needs."""


@contextmanager
def serving(application: Callable[..., Any]) -> Iterator[str]:
    """The address of the application for as long as the block lasts."""
    server = make_server("127.0.0.1", 0, application, ThreadingServer, QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serving_site(space: str) -> Iterator[str]:
    """The address of the real site, as `commonweal serve` runs it, on the space that Django points at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMONWEAL_SPACE", space)  # the listener of this process connects to the space by its name
        live.relay.cache_clear()
        with _running() as address:
            yield address
        live.relay().stop()
        live.relay.cache_clear()


@contextmanager
def _running() -> Iterator[str]:
    configuration = uvicorn.Config(
        "commonweal.site.asgi:application",
        port=0,
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(configuration)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("the site did not start within 30 seconds")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
