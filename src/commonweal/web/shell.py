"""What stands around every page, as Jinja context. A middleware of the access room puts it on the request."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from django.http import HttpRequest

from commonweal.web import db
from commonweal.web.pages import Shell, Stripe

SIGNED_OUT = Shell()


def around(request: HttpRequest) -> dict[str, Any]:
    """The context processor: ``shell`` for every template, bare where nobody put one on the request."""
    return {"shell": getattr(request, "shell", SIGNED_OUT)}


def stripe() -> Stripe | None:
    """The band of a space that is not live, with its clock now; nothing in the live space."""
    if kind_of_space() == "live":
        return None
    found = db.one("app", "select name, kind, commonweal.now() as clock from commonweal.space")
    return None if found is None else Stripe(found["kind"], found["name"], as_datetime(found["clock"]))


@cache
def kind_of_space() -> str:
    """Live, exercise or replay: written once for a space, so a process asks once."""
    return str(db.value("app", "select kind from commonweal.space"))


def as_datetime(value: Any) -> datetime:
    """The database's timestamp, checked to be one."""
    if not isinstance(value, datetime):
        raise TypeError(f"The database's clock gave {value!r} instead of a timestamp.")
    return value
