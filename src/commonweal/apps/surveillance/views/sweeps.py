"""*Sweeps* and one sweep, with their downloads."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from commonweal.apps.access.scope import scoped_read
from commonweal.apps.intake.views import common
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import signal_reads
from commonweal.apps.surveillance import signals as reads
from commonweal.apps.surveillance.pages import sweeps as pages
from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.apps.surveillance.views.place import typed
from commonweal.core import wording
from commonweal.core.errors import NotThere
from commonweal.core.pictures import PictureTable
from commonweal.web import asking, files, times
from commonweal.web.pages import Pager

QUERY = "sweeps"
PAGE_ROWS = 30
YEAR = timedelta(days=365)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The sweeps that ran, and the alarms of the office's authorities against the budget."""
    moved = typed(request, "/sweeps")
    if moved is not None:
        return moved
    built = build(request, exported=False)[0]
    return render(request, "surveillance/sweeps.html", {"page": built.page, "sweeps": built})


@require_GET
def download(request: HttpRequest, what: str, form: str) -> HttpResponse:
    """The list or the alarms as a file."""
    common.require(request, "export_records", "download what a page shows")
    built, agreements = build(request, exported=True)
    shown = {"sweeps": built.table, "budget": built.budget}.get(what)
    if shown is None or form == "svg":
        raise files.nothing_there(what)
    as_of, _ = common.as_of(request)
    return files.of_table(shown.table, what, form, as_of, agreements)


def build(request: HttpRequest, *, exported: bool) -> tuple[pages.SweepsPage, tuple[str, ...]]:
    """The page as asked for, and the agreements it was read under."""
    common.require(request, "read_counts", "see sweeps")
    as_of, pinned = common.as_of(request)
    before = asking.number(request, "before") or None
    rows = reads.sweeps(as_of=as_of, before=before, limit=PAGE_ROWS + 1)
    since = times.local(as_of).date() - YEAR
    with scoped_read(
        common.actor(request), query=QUERY, filters={}, as_of=as_of, data_class="L1", exported=exported
    ) as scope:
        opened = signal_reads.opened_since(scope, since, as_of)
    names = {
        code: name for code, name in places.names(scope.codes).items() if len(scope.codes) <= 20 or opened.get(code)
    }
    shown = rows[:PAGE_ROWS]
    said = wording.counted(len(shown), "sweep", "sweeps")
    following = ""
    if len(rows) > PAGE_ROWS:
        following = asking.with_changed(request, before=shown[-1]["id"], as_of=times.link_form(as_of))
    pager = Pager(f"{said}; older ones follow." if following else f"{said}.", next=following)
    return pages.build(shown, opened, names, Address("/sweeps", "", as_of, pinned), pager), scope.agreements


@require_GET
def one(request: HttpRequest, number: int) -> HttpResponse:
    """One sweep."""
    common.require(request, "read_counts", "see sweeps")
    as_of, pinned = common.as_of(request)
    built, _ = read_one(request, number, Address(f"/sweeps/{number}", "", as_of, pinned), exported=False)
    return render(request, "surveillance/sweep.html", {"page": built.page, "sweep": built})


@require_GET
def one_file(request: HttpRequest, number: int, what: str, form: str) -> HttpResponse:
    """A table of one sweep as a file; of the places that it could not do all of them."""
    common.require(request, "export_records", "download what a page shows")
    as_of, _ = common.as_of(request)
    agreements: tuple[str, ...] = ()
    if what == "not-done":
        not_done = found(number, as_of)["not_done"]
        table = pages.all_refused(not_done, places.names(sorted(not_done)))
    else:
        built, agreements = read_one(request, number, Address(f"/sweeps/{number}", "", as_of), exported=True)
        shown = {"done": built.places, "cost": built.cost, "limits": built.limits, "found": built.found}.get(what)
        table = shown.table if shown else PictureTable("", (), ())
    if form == "svg" or not table.rows:
        raise files.nothing_there(what)
    return files.of_table(table, f"sweep-{number}-{what}", form, as_of, agreements)


def read_one(
    request: HttpRequest, number: int, address: Address, *, exported: bool
) -> tuple[pages.SweepPage, tuple[str, ...]]:
    """One sweep as the page shows it, and the agreements that its findings were read under."""
    row = found(number, address.as_of)
    with scoped_read(
        common.actor(request), query=QUERY, filters={"sweep": number}, as_of=address.as_of, data_class="L1",
        exported=exported,
    ) as scope:  # fmt: skip
        methods = signal_reads.found_by(scope, number, address.as_of)
    return pages.build_one(row, methods, places.names(sorted(row["not_done"])), address), scope.agreements


def found(number: int, as_of: datetime) -> dict[str, Any]:
    """A sweep as known at a moment. Raises `NotThere`."""
    row = reads.sweep(number)
    if row is None or row["known_at"] > as_of:
        raise NotThere(f"There is no sweep {number}. See /sweeps for those that ran.")
    return row
