"""`commonweal pull`: an authority's own copy of everything new since last time, from a server, with a token."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import click

from commonweal.core.errors import NotAllowed, NotThere, Refused

STATE = "cursor.txt"
PAGE = 1000


@click.group(help="Take everything new since last time into an authority's own systems.")
def pull() -> None:
    pass


@pull.command(help="Take what is new from a server at ADDRESS into a folder, as JSON lines.")
@click.argument("address")
@click.option("--token-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--into", "folder", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--place", "places", multiple=True, help="Only these places, by code.")
def take(address: str, token_file: Path, folder: Path, places: tuple[str, ...]) -> None:
    token = token_file.read_text(encoding="utf-8").strip()
    folder.mkdir(parents=True, exist_ok=True)
    state = folder / STATE
    cursor = state.read_text(encoding="utf-8").strip() if state.exists() else ""
    taken = 0
    while True:
        page = _page(address, token, cursor, places)
        if page["items"]:
            _keep(folder, len(list(folder.glob("results-*.jsonl"))) + 1, page["items"])
            taken += len(page["items"])
        cursor = page["cursor"]
        _replace(state, cursor)  # after the items are on disk: a break in between takes them twice, never not at all
        if not page["more"]:
            break
    click.echo(f"{taken} new items in {folder}, as known at {page['as_of']}.")


@pull.command(help="Take the whole evidence of signal NUMBER from a server at ADDRESS as one file, and check it.")
@click.argument("address")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--token-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--into", "folder", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--as-of", default="", help="An instant with its zone, like 2020-06-29T00:04:00Z; now if left out.")
def evidence(address: str, number: int, token_file: Path, folder: Path, as_of: str) -> None:
    query = urllib.parse.urlencode({"as_of": as_of} if as_of else {})
    with _asked(address, f"/api/v1/signals/{number}/evidence?{query}", token_file.read_text("utf-8").strip()) as answer:
        body, promised = answer.read(), answer.headers.get("Repr-Digest", "")
    digest = hashlib.sha256(body)
    if promised != f"sha-256=:{base64.b64encode(digest.digest()).decode()}:":
        raise Refused(f"The evidence of signal {number} is not what the server promised ({promised}). Take it again.")
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"signal-{number}-evidence.json"
    _replace(kept, body.decode())
    click.echo(f"{kept}, as known at {json.loads(body)['as_of']}, sha-256 {digest.hexdigest()}")


@pull.command(help="Make a token for an office's own systems. It is shown once.")
@click.argument("email")
@click.option("--office", required=True)
@click.option("--purpose", default="outbreak_control", show_default=True)
@click.option("--label", required=True, help="Which system will use it.")
@click.option("--days", default=90, show_default=True)
@click.option(
    "--may-write", is_flag=True, help="It also writes notes, hypotheses and judgements in this person's name."
)
@click.option("--space", default="live", show_default=True)
def token(email: str, office: str, purpose: str, label: str, days: int, may_write: bool, space: str) -> None:
    from commonweal.site.installation import open_existing

    open_existing(space)
    from commonweal.apps.access.scope import Actor
    from commonweal.apps.access.signin import accounts
    from commonweal.apps.intake import pull_tokens

    person = accounts.require(email).person_id
    click.echo(pull_tokens.give(Actor(person, office, purpose), label, days, may_write=may_write))


def _page(address: str, token: str, cursor: str, places: tuple[str, ...]) -> dict[str, Any]:
    query = urllib.parse.urlencode({"since": cursor, "limit": PAGE, "places": ",".join(places)})
    with _asked(address, f"/api/v1/results?{query}", token) as answer:
        page: dict[str, Any] = json.load(answer)
    return page


@contextmanager
def _asked(address: str, path: str, token: str) -> Iterator[HTTPResponse]:
    """The server's answer. Raises `Refused` for what is no address, `NotAllowed` with its words, `NotThere` without."""
    target = f"{address.rstrip('/')}{path}"
    if not target.startswith(("http://", "https://")):
        raise Refused(f"{address!r} is no address of a server; it begins with https://.")
    request = urllib.request.Request(target, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            yield answer
    except urllib.error.HTTPError as error:
        raise NotAllowed(f"The server refused ({error.code}): {_detail(error)}") from None
    except urllib.error.URLError as error:
        raise NotThere(f"The server at {address} does not answer: {error.reason}. Nothing was lost.") from None


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        document = json.load(error)
    except ValueError:
        return error.reason
    return str(document.get("detail") or document.get("title") or error.reason)


def _keep(folder: Path, number: int, items: list[dict[str, Any]]) -> None:
    _replace(folder / f"results-{number:08d}.jsonl", "".join(json.dumps(item) + "\n" for item in items))


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    draft = path.with_suffix(path.suffix + ".part")
    with draft.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(path)
