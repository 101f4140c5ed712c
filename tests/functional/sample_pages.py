"""The pages around results, filled with made-up values: name -> (template, context)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from commonweal.apps.access import pages as access_pages
from commonweal.apps.intake.pages import balance, feeds, late, my_area, orphans
from commonweal.apps.intake.pages.area_pictures import Address
from commonweal.apps.intake.views.mending import DropForm, PlaceForm
from commonweal.core.intake.balance import Balance
from commonweal.core.pictures import DelayRow
from commonweal.web.pages import Link, Pager

from . import sample_area, sample_desk, sample_place, sample_signals

NOW: datetime = sample_area.AS_OF
TODAY: date = sample_area.TODAY
LIGHTHOUSE = Balance(1_204, 1_180, 12, 4, 5, 3)


def area_page(**changes: Any) -> dict[str, Any]:
    built = my_area.build(
        sample_area.facts(**changes),
        sample_area.READING,
        sample_area.wilson,
        Address("/my-area", places="/my-area?place="),
        shapes=sample_area.SHAPES,
        events=sample_area.EVENTS,
    )
    return {"area": built, "page": built.page}


def empty_area() -> dict[str, Any]:
    return area_page(daily=[], daily_before=[], small=[], ages=[], since=[], latest=[], last_looked=None)


def balance_page() -> dict[str, Any]:
    rows = [
        balance.BalanceRow(TODAY - timedelta(days=back), feed, tally)
        for back in (1, 2)
        for feed, tally in (
            ("lighthouse", LIGHTHOUSE),
            ("royal-infirmary", Balance(312, 312)),
            ("elm-surgery", Balance(3, 3)),
        )
    ]
    built = balance.build(rows, NOW, smallest=20, downloads=(Link("CSV", "/balance.csv"),))
    return {"balance": built, "page": built.page}


def feeds_page() -> dict[str, Any]:
    rows = [
        feeds.FeedRow(
            "lighthouse", "Lighthouse laboratory, Midlands", "open", "", NOW - timedelta(hours=3), LIGHTHOUSE
        ),
        feeds.FeedRow("royal-infirmary", "Fernleigh Royal Infirmary", "open", "", NOW, Balance(2_110, 2_110)),
        feeds.FeedRow("care-homes", "Care home portal", "paused", "new columns are being mapped", None, Balance()),
    ]
    built = feeds.build_feeds(rows, NOW)
    return {"feeds": built, "page": built.page}


def submission_row(number: int = 412) -> feeds.SubmissionRow:
    held = NOW - timedelta(days=2)
    return feeds.SubmissionRow(
        number, "lighthouse", "lims-2020-06-13.csv", "file", NOW, "R. Patel", LIGHTHOUSE, held, "National store"
    )


def feed_page() -> dict[str, Any]:
    row = feeds.FeedRow("lighthouse", "Lighthouse laboratory, Midlands", "open", "", NOW, LIGHTHOUSE)
    built = feeds.build_feed(
        row, [submission_row(412), submission_row(398)], Pager("Submissions 1 to 2 of 2"), NOW, may_send=True
    )
    return {"feed": built, "page": built.page}


def submission_page() -> dict[str, Any]:
    outcomes = [
        {"row_number": 17, "outcome": "rejected", "reasons": ["age_years:out_of_range"], "notes": []},
        {"row_number": 44, "outcome": "pending", "reasons": ["postcode:not_known"], "notes": []},
        {"row_number": 45, "outcome": "accepted", "reasons": [], "notes": ["postcode:test_site"]},
    ]
    pager = Pager("Records 1 to 3 of 1,204", next="?page=2")
    built = feeds.build_submission(submission_row(), outcomes, pager, NOW, may_mend={"rejected", "pending"})
    return {"submission": built, "page": built.page}


def orphan_page() -> dict[str, Any]:
    values = {"record_id": "LH-44", "age_years": "39", "postcode": "LE9 9ZZ", "result": "positive"}
    built = orphans.build_one(7, 44, "Postcode is not on the list of postcodes.", values)
    return {"orphan": built, "page": built.page, "place": PlaceForm({"postcode": ""}), "end": DropForm()}


def orphans_page() -> dict[str, Any]:
    rows = [
        orphans.OrphanRow(
            412,
            44,
            "lighthouse",
            "postcode:not_known",
            NOW - timedelta(days=3),
            NOW - timedelta(hours=5),
            "National orphan desk",
        ),
        orphans.OrphanRow(
            398,
            8,
            "care-homes",
            "postcode:test_site",
            NOW - timedelta(hours=9),
            NOW + timedelta(days=1),
            "Care home portal",
        ),
    ]
    built = orphans.build(rows, 2, {"resolved": 31, "dropped": 2}, Pager("1 to 2 of 2"), NOW)
    return {"orphans": built, "page": built.page}


def late_page() -> dict[str, Any]:
    holders = ("Courier", "Midlands Laboratory", "National store", "Fernleigh public health team")
    rows = (
        DelayRow("lighthouse", 944, (14.0, 22.0, 31.0, 2.0), holders),
        DelayRow("royal-infirmary", 312, (5.0, 9.0, 3.0, 1.5), holders),
        DelayRow("care-homes", 61, (20.0, None, 6.0, 0.5), holders),
    )
    days = [(TODAY - timedelta(days=back), row) for back in (1, 2) for row in rows]
    asked = {
        "feed": "lighthouse",
        "stage": 2,
        "holder": "National store",
        "asked_by": "Director of Public Health, Fernleigh",
    }
    first = {"asked_at": NOW - timedelta(days=5), "due": NOW - timedelta(days=3)}
    reason = "Results were sent in one file each night. From Monday they are sent every hour."
    questions = (
        late.Question(
            1,
            day=TODAY - timedelta(days=6),
            **asked,
            **first,
            answer=reason,
            answered_at=NOW - timedelta(days=4),
            answered_by="Head of the national store",
        ),
        late.Question(2, day=TODAY - timedelta(days=5), **asked, **first),
        late.Question(3, day=TODAY - timedelta(days=1), **asked, asked_at=NOW, due=NOW + timedelta(days=3)),
    )
    built = late.build(
        "Fernleigh", "week to Friday 12 June 2020", rows, days, questions, NOW, may_ask=True, answerable=frozenset({3})
    )
    return {"late": built, "page": built.page}


def who_looked_page() -> dict[str, Any]:
    common = {"purpose": "outbreak_control", "exported": False, "on_behalf_of": None}
    rows = [
        {
            "at": NOW - timedelta(minutes=4),
            "office": "Director of Public Health",
            "organisation": "Fernleigh City Council",
            "person": "A. Khan",
            "query": "my area",
            "class": "L1",
            "row_count": 412,
            **common,
        },
        {
            "at": NOW - timedelta(hours=2),
            "office": "Duty officer",
            "organisation": "National health protection",
            "person": "J. Smith",
            "query": "line list",
            "class": "L3",
            "row_count": 61,
            **common,
            "exported": True,
            "on_behalf_of": "deputy for the holder",
        },
        {
            "at": NOW - timedelta(hours=5),
            "office": "Duty officer",
            "organisation": "National health protection",
            "person": "J. Smith",
            "query": "my area",
            "class": "L1",
            "row_count": None,
            **common,
        },
    ]
    offices = [
        {
            "office": "Duty officer",
            "organisation": "National health protection",
            "purpose": "outbreak_control",
            "reads": 2,
            "row_count": 61,
            "named": 1,
            "exported": 1,
        },
        {
            "office": "Director of Public Health",
            "organisation": "Fernleigh City Council",
            "purpose": "outbreak_control",
            "reads": 1,
            "row_count": 412,
            "named": 0,
            "exported": 0,
        },
    ]
    days = [(TODAY, 3), (TODAY - timedelta(days=1), 41)]
    built = access_pages.who_looked(
        rows, offices, days, TODAY, Pager("Reads 1 to 3 of 3"), NOW, (Link("CSV", "/who-looked.csv"),)
    )
    return {"looked": built, "page": built.page}


PAGES: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "my-area": ("intake/my_area.html", area_page),
    "my-area-empty": ("intake/my_area.html", empty_area),
    "balance": ("intake/balance.html", balance_page),
    "feeds": ("intake/feeds.html", feeds_page),
    "feed": ("intake/feed.html", feed_page),
    "submission": ("intake/submission.html", submission_page),
    "orphans": ("intake/orphans.html", orphans_page),
    "orphan": ("intake/orphan.html", orphan_page),
    "late": ("intake/late.html", late_page),
    "place": ("surveillance/place.html", sample_place.page),
    "place-empty": ("surveillance/place.html", sample_place.empty),
    "signals": ("surveillance/signals.html", sample_signals.signals_page),
    "signals-empty": ("surveillance/signals.html", lambda: sample_signals.signals_page([])),
    "signal": ("surveillance/signal.html", sample_signals.signal_page),
    "signal-series": (
        "surveillance/signal.html",
        lambda: sample_signals.signal_page(series=sample_signals.told("admissions")),
    ),
    "sweeps": ("surveillance/sweeps.html", sample_signals.sweeps_page),
    "sweeps-empty": ("surveillance/sweeps.html", lambda: sample_signals.sweeps_page([])),
    "sweep": ("surveillance/sweep.html", sample_signals.sweep_page),
    "today": ("desk/today.html", sample_desk.today_page),
    "today-empty": ("desk/today.html", lambda: sample_desk.today_page(empty=True)),
    "talk": ("desk/talk.html", sample_desk.talk_page),
    "missed": ("desk/missed.html", sample_desk.missed_page),
    "known": ("surveillance/known.html", sample_desk.known_page),
    "note": ("surveillance/note.html", sample_desk.note_page),
    "told": ("surveillance/told.html", sample_desk.told_page),
    "who-looked": ("access/who_looked.html", who_looked_page),
}
