"""`commonweal serve` and `commonweal worker`: run the site, and the jobs behind it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import click

from commonweal.cli.kept_running import KeptRunning
from commonweal.server import provider

if TYPE_CHECKING:
    import uvicorn


BEHIND_THE_SITE = 10  # sweeps and digests give way to results that come in and pages that are opened


@click.command(help="Run the site on this machine, with its background worker.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, help="0 takes any free port and prints it.")
@click.option("--space", default=provider.LIVE, show_default=True)
@click.option("--worker/--no-worker", default=True, show_default=True, help="Run the jobs too.")
def serve(host: str, port: int, space: str, worker: bool) -> None:
    from commonweal.site.installation import open_existing

    open_existing(space)
    run_site(host, port, space, worker=worker)


def run_site(host: str, port: int, space: str, *, worker: bool) -> None:
    """Serve until interrupted; the worker is a process of its own, is started again when it ends before, and ends with
    this one."""
    import uvicorn

    jobs = KeptRunning("The background worker", lambda: start_worker(space)) if worker else None
    configuration = uvicorn.Config(
        "commonweal.site.asgi:application",
        host=host,
        port=port,
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
        server_header=False,
    )
    server = _server(configuration)
    try:
        server.run()
    finally:
        if jobs is not None:
            jobs.close()


def start_worker(space: str) -> subprocess.Popen[bytes]:
    """Start the background worker of a space as a child process."""
    environment = {**os.environ, "COMMONWEAL_SPACE": space}
    command = [sys.executable, "-m", "commonweal", "worker", "--space", space, "--parent", str(os.getpid())]
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)  # noqa: S603 - our own program


def _server(configuration: uvicorn.Config) -> uvicorn.Server:
    """A server that says where it listens once it does (a port of 0 becomes a real one)."""
    import uvicorn

    from commonweal.site import warming

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            warming.begin()
            for listener in self.servers:
                for each in listener.sockets:
                    host, port = each.getsockname()[:2]
                    click.echo(f"Commonweal is open on http://{host}:{port}")
            sys.stdout.flush()

    return Announcing(configuration)


@click.command(help="Run the background jobs of a space.")
@click.option("--space", default=provider.LIVE, show_default=True)
@click.option("--parent", type=int, default=None, hidden=True, help="Stop when this process is gone.")
def worker(space: str, parent: int | None) -> None:
    from commonweal.site.installation import open_existing

    open_existing(space)
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    if parent is not None:
        _stop_with(parent)
        os.nice(BEHIND_THE_SITE)
    connector = app.connector
    if not isinstance(connector, DjangoConnector):
        raise TypeError(f"the queue is reached through Django's connection, not {type(connector).__name__}")
    with app.replace_connector(connector.get_worker_connector()) as working:
        working.run_worker(concurrency=4, install_signal_handlers=True, listen_notify=True, delete_jobs="successful")


def _stop_with(parent: int) -> None:
    import threading

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
