"""Who looked: both tiers' reads on one list, by day, as a page and as a file; nobody else's."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from commonweal.apps.access import actions, agreements, queries
from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.access.signin import accounts
from commonweal.web import db

from . import build
from .build import act, browser

OFFICES = {
    "dpo@leicester.example": "data-protection-officer-e06000016",
    "director@leicester.example": "director-of-public-health-e06000016",
    "director@rutland.example": "director-of-public-health-e06000017",
    "minister@nation.example": "national-decision-maker-e92000001",
    "analyst@nation.example": "national-analyst-e92000001",
}


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> None:
    build.authorities(E06000016="Leicester", E06000017="Rutland")
    for email, office in OFFICES.items():
        actions.invite(email, "=Formula" if email.startswith("analyst") else email.split("@")[0].title(), [office])
    for place, local in (("e06000016", "director@leicester.example"), ("e06000017", "director@rutland.example")):
        for email in (local, "minister@nation.example"):
            agreements.accept(f"public-health-{place}-1", actor(email))
    for email in ("director@leicester.example", "analyst@nation.example"):
        with scoped_read(
            actor(email), query="line list", filters={"name": "Private Person"}, places=["E06000016"]
        ) as scope:
            scope.rows("select 1 union all select 2")
    with scoped_read(actor("director@rutland.example"), query="rutland only"):
        pass


def actor(email: str, purpose: str = "outbreak_control") -> Actor:
    return Actor(accounts.require(email).person_id, OFFICES[email], purpose)


def officer(email: str = "dpo@leicester.example") -> Client:
    client = browser(email)
    if len(queries.seats_of(accounts.require(email).person_id)[0].purposes) > 1:
        act(client, OFFICES[email], "audit")
    return client


def listed(email: str, **options: object) -> list[dict[str, object]]:
    with scoped_read(actor(email, "audit"), query="who looked", data_class="L1", **options) as scope:  # type: ignore[arg-type]
        return queries.who_looked(scope)


def test_both_tiers_are_on_the_list_with_office_person_purpose_and_size() -> None:
    found = {row["office"]: row for row in listed("dpo@leicester.example") if row["query"] == "line list"}
    assert set(found) == {"Director of Public Health, Leicester", "National analyst, National health protection"}
    row = found["National analyst, National health protection"]
    assert (row["organisation"], row["purpose"], row["class"], row["row_count"], row["exported"]) == (
        "National health protection", "outbreak_control", "L2", 2, False)  # fmt: skip
    assert row["place_codes"] == ["E06000016"]


def test_what_was_asked_for_is_not_told_to_others() -> None:
    assert "Private Person" not in str(listed("dpo@leicester.example"))
    assert "Private Person" not in officer().get("/who-looked/").content.decode()


def test_a_neighbour_sees_its_own_area_only() -> None:
    assert "rutland only" not in {row["query"] for row in listed("dpo@leicester.example")}
    assert {"rutland only"} <= {row["query"] for row in listed("director@rutland.example")}


def test_both_sides_see_the_same_list() -> None:
    local = {row["id"] for row in listed("director@leicester.example")}
    national = {row["id"] for row in listed("minister@nation.example", places=["E06000016"])}
    assert local <= national, "the national reading came later and holds the local one as well"


def test_the_page_can_be_narrowed_to_a_day() -> None:
    client = officer()
    today = datetime.now(ZoneInfo("Europe/London")).date()
    page = client.get("/who-looked/", {"day": str(today)}).content.decode()
    assert f"/who-looked.csv?day={today}" in page
    assert "line list" in page
    assert "Director of Public Health, Leicester" in page
    assert "for checking who looked" not in page
    empty = client.get("/who-looked/", {"day": "2020-06-26"}).content.decode()
    assert "On Friday 26 June, nobody read data about people of your area." in empty
    answer = client.get("/who-looked/", {"day": "26 June"})
    assert answer.status_code == 400
    assert "write it as 2020-06-26" in answer.content.decode()


def test_the_file_holds_the_same_rows_runs_no_formula_and_is_entered_as_a_download() -> None:
    answer = officer().get("/who-looked.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    lines = [line for line in answer.content.decode("utf-8-sig").splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    assert {"line list"} <= {row["query"] for row in rows}
    assert {row["person"] for row in rows if "National analyst" in row["office"]} == {"'=Formula"}
    assert all(row["agreements"] == "public-health-e06000016-1" for row in rows if row["query"] == "line list")
    last = db.one("backup", "select w.exported, w.row_count from access.read_record r join access.read_rows w on w.read_id = r.id"
                  " order by r.at desc limit 1")  # fmt: skip
    assert last == {"exported": True, "row_count": len(rows)}


def test_reading_the_list_is_itself_on_the_list() -> None:
    officer().get("/who-looked/")
    assert "who looked" in {row["query"] for row in listed("director@leicester.example")}


def test_an_office_without_the_permission_is_refused() -> None:
    actions.invite("tracer@leicester.example", "Tracer", ["tracer-lead-e06000016"])
    answer = browser("tracer@leicester.example").get("/who-looked/")
    assert answer.status_code == 403
    assert "may not see who looked" in answer.content.decode()


def test_a_day_is_a_day_in_london() -> None:
    start, stop = queries.bounds(date(2020, 6, 26))
    assert (start.isoformat(), stop.isoformat()) == ("2020-06-26T00:00:00+01:00", "2020-06-27T00:00:00+01:00")
    short, end = queries.bounds(date(2020, 3, 29))
    assert (end.timestamp() - short.timestamp()) == 23 * 3600
