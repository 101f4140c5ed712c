"""`commonweal demo`: the fictional city with results arriving live, or Leicester in 2020 from published counts."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from commonweal.site.demo.build import Built
    from commonweal.site.demo.story import Story

PACE_SECONDS = 4.0  # between two batches; the exercise's clock runs ahead of the wall's
NO_DATA = "The folder {0} has no reference data (looked for {0}/lsoa_england). Give the folder that has it."


@click.command(help="Open the demonstration: a fictional city, results arriving live.")
@click.option("--replay", "data", type=click.Path(path_type=Path), help="Leicester 2020, from a reference data folder.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--fresh", is_flag=True, help="Begin anew.")
@click.option("--build-only", is_flag=True, help="Prepare it and stop.")
def demo(data: Path | None, host: str, port: int, fresh: bool, build_only: bool) -> None:
    from commonweal.core.errors import NotThere

    if data is not None and not (data / "lsoa_england").is_dir():
        raise NotThere(NO_DATA.format(data))
    from commonweal.site.demo.build import Built, record_path

    space = "leicester" if data else "demo"
    built = None if fresh else Built.read(record_path(space))
    if built is not None and not data and _is_over(built.opens):
        built = None
    if built is None:
        built = _prepare(data)
    if build_only:
        return
    _serve(space, data, host, port, [(seat.who, seat.label) for seat in built.seats])


def _is_over(opens: str) -> bool:
    """The fictional outbreak is followed for eight days; after that a new one is made."""
    return datetime.now(UTC) - datetime.fromisoformat(opens) > timedelta(days=7)


def _story(data: Path | None, opens: datetime | None = None) -> Story:
    from commonweal.site.demo.story import FictionalCity, Leicester2020

    return Leicester2020(data) if data else FictionalCity(opens or datetime.now(UTC))


def _prepare(data: Path | None) -> Built:
    """Build in a process of its own, so that its memory is given back before the site opens."""
    started = time.monotonic()
    command = [sys.executable, "-m", "commonweal", "demo-build", *(["--replay", str(data)] if data else [])]
    done = subprocess.run(command, check=False)  # noqa: S603 - our own program
    if done.returncode:
        raise SystemExit(done.returncode)
    click.echo(f"Ready after {time.monotonic() - started:.0f} s.")
    from commonweal.site.demo.build import Built, record_path

    built = Built.read(record_path("leicester" if data else "demo"))
    if built is None:
        raise RuntimeError("the demonstration was built and left no notes")
    return built


def _serve(space: str, data: Path | None, host: str, port: int, seats: list[tuple[str, str]]) -> None:
    from commonweal.cli.serve import run_site

    token = secrets.token_urlsafe(12)
    os.environ["COMMONWEAL_DEMO_TOKEN"] = token
    if port:  # what leaves, and lies in files here, leads to this site
        os.environ.setdefault("COMMONWEAL_URL", f"http://{host}:{port}")
    os.environ.setdefault("COMMONWEAL_HELP_NAME", "The help desk of this demonstration (made up)")
    os.environ.setdefault("COMMONWEAL_HELP_PHONE", "01632 960999")
    from commonweal.site.installation import open_existing

    open_existing(space)
    arrivals = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "commonweal", "demo-feed", "--parent", str(os.getpid()),
         *(["--replay", str(data)] if data else [])],
        env={**os.environ, "COMMONWEAL_SPACE": space},
    )  # fmt: skip
    click.echo("Open one of these (they sign you in; this is an exercise, nothing here is real):")
    for who, label in seats:
        click.echo(f"  {label:60} http://{host}:{port}/demo/{token}/{who}")
    try:
        run_site(host, port, space, worker=True)
    finally:
        arrivals.terminate()


@click.command("demo-build", hidden=True)
@click.option("--replay", "data", type=click.Path(path_type=Path))
def demo_build(data: Path | None) -> None:
    from commonweal.site.demo.build import build

    story = _story(data)
    click.echo(f"Preparing {story.title}")
    build(story, lambda step: click.echo(f"  {step} …"))


@click.command("demo-feed", hidden=True)
@click.option("--replay", "data", type=click.Path(path_type=Path))
@click.option("--parent", type=int, required=True)
@click.option("--pace", default=PACE_SECONDS)
def demo_feed(data: Path | None, parent: int, pace: float) -> None:
    from commonweal.site.demo.build import Built, load_series, move_clock, record_path, take_in
    from commonweal.site.installation import open_existing

    space = "leicester" if data else "demo"
    open_existing(space)
    built = Built.read(record_path(space))
    if built is None:
        return
    opens = datetime.fromisoformat(built.opens)
    now = max(move_clock(opens), opens)
    story = _story(data, opens)
    for sent in story.arriving(now):
        if os.getppid() != parent:
            return
        take_in(sent)
        if sent.at.date() > now.date():
            load_series(story, now, sent.at)
            now = sent.at
        time.sleep(pace)
