"""Upload a file to a feed: first what would become of it, then, when that is right, the sending."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from commonweal.apps.intake import actions, feeds, previewing
from commonweal.apps.intake.pages import outcomes as said
from commonweal.apps.intake.pages.outcomes import WORDS
from commonweal.apps.intake.pages.reasons import explained
from commonweal.apps.intake.rulebook import rulebook
from commonweal.apps.intake.views import common
from commonweal.core.errors import NotAllowed, Refused
from commonweal.core.pictures import Column, PictureTable
from commonweal.web.pages import Help, Link, Page, ShownTable

HELP = Help(
    "See what would become of a file before anything of it is kept, then send it.",
    WORDS,
    "The organisation that owns the feed; for the rules, the operator of this service.",
)
COLUMN = "column:"


@dataclass(frozen=True)
class Upload:
    """The view-model: the form, or what the chosen file would become."""

    page: Page
    feed: str
    name: str = ""
    key: str = ""
    problem: str = ""
    sentence: str = ""
    table: ShownTable | None = None
    unknown: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    chosen: dict[str, str] = field(default_factory=dict)
    may_send: bool = False


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, name: str) -> HttpResponse:
    """Choose a file, look at what it would become, name its columns, send it."""
    common.require(request, "send_results", "send results")
    feed = feeds.feed(name)
    if common.seat(request).organisation_id != feed.owner_id:
        raise NotAllowed(f"The feed {name!r} belongs to another organisation.")
    page = Page(f"Upload a file to {name}", HELP, trail=(Link("Feeds", "/feeds"), Link(name, f"/feeds/{name}")))
    if request.method == "GET":
        return _shown(request, Upload(page, name))
    given, key = request.FILES.get("file"), request.POST.get("key", "")
    if given is None and not key:
        return _shown(request, Upload(page, name, problem="Choose a file first."), 400)
    if given is not None:
        key = previewing.keep(given.chunks(), given.name or "upload.csv")
    source = previewing.kept(key)
    if request.POST.get("do") == "send":
        receipt = actions.take_in(name, source)
        previewing.drop(key)
        return HttpResponseRedirect(f"/submissions/{receipt.submission}")
    if request.POST.get("do") == "columns":
        previewing.remember_columns(name, {**feeds.column_mapping(name), **_columns(request)})
    return _preview(request, page, name, key)


def _columns(request: HttpRequest) -> dict[str, str]:
    return {
        column.removeprefix(COLUMN): str(value)
        for column, value in request.POST.items()
        if column.startswith(COLUMN) and value
    }


def _preview(request: HttpRequest, page: Page, name: str, key: str) -> HttpResponse:
    source = previewing.kept(key)
    mapping = feeds.column_mapping(name)
    line_list = rulebook(feeds.feed(name).pathogen).line_list
    strange = tuple(c for c in previewing.columns_of(key) if c not in line_list.ids and c not in mapping)
    common_parts: dict[str, Any] = {
        "name": source.provenance.label,
        "key": key,
        "unknown": strange,
        "fields": tuple(line_list.ids),
        "chosen": mapping,
    }
    try:
        found = previewing.preview(name, source)
    except Refused as refusal:
        return _shown(request, Upload(page, name, problem=str(refusal), **common_parts), 400)
    if found.came_before:
        sentence = "These very bytes were taken in before. Sending them again would change nothing."
        return _shown(request, Upload(page, name, sentence=sentence, **common_parts))
    table = PictureTable(
        f"The first {len(found.rows)} records",
        (Column("Row"), Column("Would be", numeric=False), Column("Why, and what is odd", numeric=False)),
        tuple(
            (row["row_number"], row["outcome"], explained(row["outcome"], row["reasons"], row["notes"]))
            for row in found.rows
        ),
    )
    sentence = f"Nothing has been kept yet. If you send it: {said.sentence(found.balance)}"
    built = Upload(page, name, sentence=sentence, table=ShownTable(table), may_send=True, **common_parts)
    return _shown(request, built)


def _shown(request: HttpRequest, built: Upload, status: int = 200) -> HttpResponse:
    return render(request, "intake/upload.html", {"page": built.page, "upload": built}, status=status)
