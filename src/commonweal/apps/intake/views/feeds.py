"""Feeds, submissions, records without a place, and the balance sheet."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from commonweal.apps.access import acting
from commonweal.apps.intake import mending, page_reads, page_settings, queries
from commonweal.apps.intake.pages import balance, feeds, from_rows, orphans
from commonweal.apps.intake.pages.outcomes import balance_of
from commonweal.apps.intake.views import common
from commonweal.core import wording
from commonweal.core.errors import NotThere
from commonweal.core.intake.balance import OUTCOMES
from commonweal.web import asking, files, times
from commonweal.web.pages import Link, Pager

A_PAGE = 50
RECORDS_A_PAGE = 100
PUBLIC_SECONDS = 30


@require_GET
def feed_list(request: HttpRequest) -> HttpResponse:
    """Every feed: who owns it, whether it sends, what can be mended."""
    built = feeds.build_feeds([from_rows.feed_row(row) for row in page_reads.feeds()], common.now())
    return render(request, "intake/feeds.html", {"page": built.page, "feeds": built})


@require_GET
def one_feed(request: HttpRequest, name: str) -> HttpResponse:
    """One feed with its submissions, newest first."""
    found = page_reads.feeds(name)
    if not found:
        raise NotThere(f"There is no feed {name!r}. The list of feeds shows those there are.")
    before = asking.number(request, "before") or None
    rows = page_reads.submissions(feed=name, before=before, limit=A_PAGE + 1)
    more = f"?before={rows[A_PAGE - 1]['id']}" if len(rows) > A_PAGE else ""
    shown = [from_rows.submission_row(row) for row in rows[:A_PAGE]]
    pager = Pager(wording.counted(len(shown), "submission", "submissions"), next=more)
    ours = common.has(request, "send_results") and common.seat(request).organisation_id == found[0]["owner_id"]
    built = feeds.build_feed(from_rows.feed_row(found[0]), shown, pager, common.now(), may_send=ours)
    return render(request, "intake/feed.html", {"page": built.page, "feed": built})


@require_GET
def one_submission(request: HttpRequest, number: int) -> HttpResponse:
    """One submission: what became of each of its records, in the order sent."""
    found = page_reads.submissions(number=number)
    if not found:
        raise NotThere(f"There is no submission {number}. Each feed lists its own.")
    chosen = request.GET.get("outcome", "")
    outcome = chosen if chosen in OUTCOMES else None
    after = asking.number(request, "after")
    rows = page_reads.outcomes(number, outcome=outcome, after=after, limit=RECORDS_A_PAGE + 1)
    shown = rows[:RECORDS_A_PAGE]
    more = asking.with_changed(request, after=shown[-1]["row_number"]) if len(rows) > RECORDS_A_PAGE else ""
    pager = Pager(records_shown(shown), next=more)
    row = from_rows.submission_row(found[0])
    who = acting.actor(request)
    mine = {
        name for name in mending.OUTCOMES if who and getattr(row.tally, name) and mending.may_mend(who, number, name)
    }
    built = feeds.build_submission(row, shown, pager, common.now(), chosen=outcome or "", may_mend=mine)
    return render(request, "intake/submission.html", {"page": built.page, "submission": built})


def records_shown(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "No record."
    return f"Rows {wording.thousands(rows[0]['row_number'])} to {wording.thousands(rows[-1]['row_number'])}."


@require_GET
def orphan_list(request: HttpRequest) -> HttpResponse:
    """Records without a place, soonest due first."""
    offset = asking.number(request, "offset")
    rows = page_reads.orphans_waiting(offset=offset, limit=A_PAGE + 1)
    sheet = queries.second_sheet()
    pager = Pager(
        f"{wording.thousands(sheet.waiting)} waiting.",
        previous=f"?offset={max(0, offset - A_PAGE)}" if offset else "",
        next=f"?offset={offset + A_PAGE}" if len(rows) > A_PAGE else "",
    )
    shown = [from_rows.orphan_row(row) for row in rows[:A_PAGE]]
    ended = {"resolved": sheet.resolved, "dropped": sheet.dropped}
    who = acting.actor(request)
    mine = {n for n in {each.submission for each in shown} if who and mending.may_mend(who, n, mending.PENDING)}
    built = orphans.build(shown, sheet.waiting, ended, pager, common.now(), mine)
    return render(request, "intake/orphans.html", {"page": built.page, "orphans": built})


@login_not_required
@require_GET
def balance_sheet(request: HttpRequest, form: str = "") -> HttpResponse:
    """Does everything add up. Strangers see closed days with small feeds merged, offices the exact sheet."""
    exact = request.user.is_authenticated
    moment = common.now()
    today = times.local(moment).date()
    lines = [line for line in queries.sheet(alias="app" if exact else "web") if exact or line["day"] < today]
    rows = [balance.BalanceRow(line["day"], line["feed"], balance_of(line)) for line in lines]
    links = tuple(Link(kind.upper(), f"/balance.{kind}") for kind in ("csv", "xlsx", "parquet"))
    smallest = 0 if exact else page_settings.smallest_public_feed()
    built = balance.build(rows, moment, smallest=smallest, downloads=links)
    if form:
        if built.table is None:
            raise files.nothing_there("balance")
        return files.of_table(built.table.table, "balance", form, moment, ())
    response = render(request, "intake/balance.html", {"page": built.page, "balance": built})
    if not exact:
        response["Cache-Control"] = f"public, max-age={PUBLIC_SECONDS}"
    return response
