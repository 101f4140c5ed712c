"""*Signals*, *Signal* and *Sweeps* over the real database: in scope only, the same for both tiers, true to the moment."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
import pytest
from django.apps import apps
from django.test import Client

if not apps.ready:  # models can be imported only once Django is set up
    django.setup()

from commonweal.apps.access import actions, agreements, authorities
from commonweal.apps.surveillance import actions as series
from commonweal.apps.surveillance import known
from commonweal.apps.surveillance.pages import signals as pages
from commonweal.apps.surveillance.views import signal, signals
from commonweal.core.errors import NotThere
from commonweal.web import db, times
from tests.integration.access import build
from tests.integration.intake import ground
from tests.integration.intake import world as records

from . import test_place as places
from . import written

CITY, DISTRICT, COUNTY = "E06000016", "E07000135", "E10000018"
DIRECTOR, OFFICE = places.DIRECTOR, places.OFFICE
NEIGHBOUR, NEXT_DOOR = places.NEIGHBOUR, places.NEXT_DOOR
MINISTER, NATION = places.MINISTER, places.NATION
LOCAL = (DIRECTOR, OFFICE)


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> None:
    """Signal 1 of the city alone, 2 of the county alone, 3 over the boundary, 4 a cluster in the city that is over."""
    records.make_places()
    records.make_laboratory("lab-one")
    authorities.ensure({CITY: "Leicester", COUNTY: "Leicestershire"}, {"E12000004": "East Midlands"})
    ground.lay()
    for email, office in (LOCAL, (NEIGHBOUR, NEXT_DOOR), (MINISTER, NATION)):
        actions.invite(email, email.partition("@")[0].title(), [office])
    for code, parties in places.OPEN.items():
        for email, office in parties:
            agreements.accept(f"public-health-{code.lower()}-1", places.actor(email, office))
    places.send(0, 60)
    today = db.value("backup", "select (commonweal.now() at time zone 'Europe/London')::date")
    with db.recorded("engine") as write:
        budget = {"a_year": 1.0, "shares": {"lsoa": 1.0}, "limit_days": 365.2, "limit_days_by_family": {"lsoa": 365.2}}
        sweep = written.sweep(write, budget=json.dumps(budget), as_of=today, morning=today)
        for number, scope in ((1, [CITY]), (2, [DISTRICT]), (3, [CITY, DISTRICT]), (4, [CITY])):
            one(write, sweep, number, scope, today)
        later = {
            "state": "closed", "step": 2, "rate": 0.0, "observed": None, "evidence": [], "level": "cluster",
            "place_code": "E01013601", "members": ["E01013601", "E01013702"],
        }  # fmt: skip
        change(write, sweep, 4, [CITY], today, **later)


def one(write: db.Recorded, sweep: int, number: int, scope: list[str], today: Any) -> None:
    """A signal with one change and one finding; number 4 is a cluster of the city's small areas."""
    cluster = number == 4
    level, place = ("cluster", "E01013601") if cluster else ("ltla", scope[0])
    members = ["E01013601", "E01013702"] if cluster else []
    kind = "cluster" if cluster else "rise"
    row = {"number": number, "source": "counts", "kind": kind, "level": level, "place_code": place, "sweep_id": sweep,
           "morning": today, "tick_id": write.tick}  # fmt: skip
    written.insert(write, "surveillance.signal", row, "number")
    change(write, sweep, number, scope, today, level=level, place_code=place, members=members)
    found = {
        "sweep_id": sweep, "signal": number, "morning": today, "level": level, "place_code": place, "method": "rate rule",
        "scope": scope, "first_day": today - timedelta(days=9), "last_day": today - timedelta(days=2), "observed": 9.0,
        "expected": 2.0, "expected_low": 0.0, "expected_high": 5.0, "strength": 1.0, "members": members,
        "evidence": f"nine people of signal {number}", "tick_id": write.tick,
    }  # fmt: skip
    written.insert(write, "surveillance.finding", found, "id")


def change(write: db.Recorded, sweep: int, number: int, scope: list[str], today: Any, **changes: Any) -> None:
    row = {
        "signal": number, "step": 1, "sweep_id": sweep, "morning": today, "state": "opened", "level": "ltla",
        "place_code": scope[0], "scope": scope, "members": [], "rate": 50.0, "observed": 9.0, "strength": 1.0,
        "recurrence_days": 900.0, "evidence": [f"nine people of signal {number}"], "tick_id": write.tick,
    }  # fmt: skip
    written.insert(write, "surveillance.signal_change", {**row, **changes}, "step")


@pytest.fixture
def visit() -> Callable[..., Any]:
    def one(path: str, email: str = DIRECTOR, office: str = OFFICE) -> Any:
        client: Client = build.browser(email)
        build.act(client, office, "outbreak_control")
        return client.get(path)

    return one


def listed(email: str, office: str, **asked: str) -> list[int]:
    found = signals.read(places.actor(email, office), pages.Asked(**asked), db.freeze(), exported=False)
    return sorted(row["number"] for row in found.rows)


def test_each_office_lists_the_signals_of_its_places_only() -> None:
    assert listed(*LOCAL) == [1, 3]
    assert listed(NEIGHBOUR, NEXT_DOOR) == [2, 3]
    assert listed(MINISTER, NATION) == [1, 2, 3]
    assert listed(*LOCAL, state="all") == [1, 3, 4]
    assert listed(*LOCAL, state="closed", method="cluster", level="cluster") == [4]
    assert listed(*LOCAL, place=DISTRICT) == [3], "a place of others narrows to what touches it and is read here"


def test_the_list_is_a_page_with_a_map_and_filters(visit: Callable[..., Any]) -> None:
    text = visit("/signals").content.decode()
    assert text.count("<h1") == 1
    assert "Rise in Leicester" in text
    assert 'id="signal-map"' in text
    assert 'name="state"' in text
    assert "style=" not in text
    assert "No signal is like that." in visit("/signals?level=ward").content.decode()
    assert visit("/signals?state=burning").status_code == 400
    assert visit("/signals?after=x").status_code == 400
    assert visit("/signals?since=June").status_code == 400


def test_a_signal_of_other_places_is_not_there(visit: Callable[..., Any]) -> None:
    for path in ("/signals/2", "/signals/2/history.csv", "/signals/999"):
        assert visit(path).status_code == 404, path
    with pytest.raises(NotThere):
        signal.read(places.actor(*LOCAL), 2, db.freeze(), exported=False)
    assert visit("/signals/2", NEIGHBOUR, NEXT_DOOR).status_code == 200


def test_both_tiers_see_the_same_signal() -> None:
    as_of = db.freeze()
    local = signal.read(places.actor(*LOCAL), 1, as_of, exported=False).facts
    national = signal.read(places.actor(MINISTER, NATION), 1, as_of, exported=False).facts
    assert local == national
    assert local.figures is not None
    across = signal.read(places.actor(*LOCAL), 3, as_of, exported=False)
    assert across.codes == (CITY,)


def test_a_cluster_counts_its_small_areas_and_outlines_them(visit: Callable[..., Any]) -> None:
    facts = signal.read(places.actor(*LOCAL), 4, db.freeze(), exported=False).facts
    assert facts.figures is not None
    assert facts.whole
    sql = "select count(*) as n from record.result where lsoa_code = any (%s) and result = 'positive'"
    (counted,) = records.stored(sql, [["E01013601", "E01013702"]])
    assert sum(sum(day.people) for day in facts.figures.days) == counted["n"]
    text = visit("/signals/4").content.decode()
    assert "nine people of signal 4" in text
    assert "Its life" in text
    assert "over" in text


def test_a_moment_before_a_signal_does_not_know_it(visit: Callable[..., Any]) -> None:
    assert visit("/signals/1?as_of=2020-01-01T00:00:00Z").status_code == 404
    before = visit("/signals?as_of=2020-01-01T00:00:00Z").content.decode()
    assert "Nothing has been looked for" in before
    told = visit("/signals/signal-map.csv?as_of=2020-01-01T00:00:00Z").content.decode()
    assert "Belgrave North West,,,1500,not known," in told, "nothing was received yet: there is no rate of 0"


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_lists_and_histories_are_downloaded(form: str, visit: Callable[..., Any]) -> None:
    for path in ("/signals/signals", "/signals/1/history", "/signals/1/findings", "/sweeps/sweeps", "/sweeps/budget"):
        answer = visit(f"{path}.{form}")
        assert answer.status_code == 200, path
        assert answer["Content-Disposition"].endswith(f'.{form}"')
    for part in ("done", "limits", "found"):
        assert visit(f"/sweeps/1/{part}.{form}").status_code == 200, part
    assert visit(f"/sweeps/1/nonsense.{form}").status_code == 404
    assert visit(f"/signals/1/nonsense.{form}").status_code == 404


def test_a_map_as_geojson_has_the_numbers_of_its_table_and_outlines(visit: Callable[..., Any]) -> None:
    answer = visit("/signals/signal-map.geojson")
    assert answer["Content-Type"] == "application/geo+json"
    found = json.loads(answer.content)
    lines = [
        line for line in visit("/signals/signal-map.csv").content.decode("utf-8-sig").splitlines() if line[:2] != "# "
    ]
    rows = list(csv.DictReader(lines))
    assert found["as_of"]
    assert [each["properties"]["Code"] for each in found["features"]] == [row["Code"] for row in rows]
    people = [each["properties"]["People"] for each in found["features"]]
    assert people == [int(row["People"]) for row in rows]
    assert any(people)
    assert any(each["geometry"] for each in found["features"])
    assert visit("/signals/signals.geojson").status_code == 400, (
        "the list is drawn by programs: /api/v1/signals.geojson"
    )
    assert visit("/my-area/nothing.geojson").status_code in (400, 404)


def test_sweeps_say_what_ran_and_what_could_not_be_done(visit: Callable[..., Any]) -> None:
    text = visit("/sweeps").content.decode()
    assert "could not do 1 place" in text
    assert "Leicester" in text
    assert "no population is loaded" in visit("/sweeps/1").content.decode()
    assert visit("/sweeps/99").status_code == 404
    assert b"no population is loaded" in visit("/sweeps/1/not-done.csv").content


def test_alarms_against_the_budget_count_the_offices_own(visit: Callable[..., Any]) -> None:
    csv = visit("/sweeps/budget.csv").content.decode("utf-8-sig")
    assert "Leicester,3,1.0" in csv
    assert "Oadby" not in csv


def test_search_finds_signals_in_scope(visit: Callable[..., Any]) -> None:
    text = visit("/search?q=signals").content.decode()
    assert 'href="/signals/1"' in text
    assert 'href="/signals/2"' not in text
    assert 'href="/signals/4"' in visit("/search?q=cluster").content.decode()
    assert 'href="/signals/2"' in visit("/search?q=signals", NEIGHBOUR, NEXT_DOOR).content.decode()


def test_what_offices_say_stands_on_the_page_of_both_tiers_from_then_on(visit: Callable[..., Any]) -> None:
    before = times.link_form(db.freeze())
    page = visit("/signals/1").content.decode()
    assert "No office has confirmed, explained or disputed it yet." in page
    assert 'href="/signals/1/judgements">Confirm, explain or dispute it' in page
    known.judge(places.actor(*LOCAL), 1, "explain", "A testing unit opened on Monday.")
    about = known.About(CITY, None, None, None, 1)
    known.write_note(places.actor(*LOCAL), about, "The unit stands at the mosque.")
    for email, office in (LOCAL, (MINISTER, NATION)):
        text = visit("/signals/1", email, office).content.decode()
        assert "Explained: A testing unit opened on Monday." in text
        assert "The unit stands at the mosque." in text
    then = visit(f"/signals/1?as_of={before}").content.decode()
    assert "A testing unit opened" not in then
    assert "The unit stands" not in then
    assert "Confirm, explain or dispute it</a>" not in then, "nothing can be done on a past moment"


def test_a_signal_of_a_loaded_series_speaks_of_what_the_series_counts(tmp_path: Path) -> None:
    today = db.value("backup", "select (commonweal.now() at time zone 'Europe/London')::date")
    told = {"observed": 9.4, "rate": None}
    with db.recorded("engine") as write:
        sweep = written.sweep(write, source="school_absence", as_of=today, morning=today)
        row = {"number": 90, "source": "school_absence", "kind": "rise", "level": "ltla", "place_code": CITY,
               "sweep_id": sweep, "morning": today, "tick_id": write.tick}  # fmt: skip
        written.insert(write, "surveillance.signal", row, "number")
        change(write, sweep, 90, [CITY], today, **told)
    absent = tmp_path / "absent.csv"
    days = [today - timedelta(days=back) for back in range(1, 120)]
    lines = [f"{CITY},{day},school_absence,{9.4 if day > days[7] else 4.0 + day.day % 3},{today}" for day in days]
    absent.write_text("place,date,metric,value,published_at\n" + "\n".join(lines))
    series.load_series([absent])
    client = build.browser(DIRECTOR)
    build.act(client, OFFICE, "outbreak_control")
    said = client.get("/signals/90").content.decode()
    assert "Rise in Leicester (pupils absent, per cent of those on roll)" in said
    assert "per cent: pupils absent, per cent of those on roll, at the newest change" in said
    assert "Pupils absent, per cent of those on roll, mean of seven days, Leicester, against what was expected" in said
    drawn = client.get("/signals/90/past.csv").content.decode()
    assert drawn.splitlines()[-1].endswith("above expected")
    listed = client.get("/signals").content.decode()
    assert "Rise in Leicester (pupils absent, per cent of those on roll)" in listed
    (signal_90,) = [each for each in client.get("/api/v1/signals").json()["items"] if each["number"] == 90]
    assert (signal_90["source"], signal_90["people"]) == ("school_absence", None)


def test_search_finds_what_the_newest_sweep_said(visit: Callable[..., Any]) -> None:
    assert 'href="/signals/3"' in visit("/search?q=signal+3").content.decode()
    assert "New since" in visit("/search?q=signal+1").content.decode()
    today = db.value("backup", "select (commonweal.now() at time zone 'Europe/London')::date")
    with db.recorded("engine") as write:
        sweep = written.sweep(write, as_of=db.value("backup", "select commonweal.now()"), morning=today)
        change(write, sweep, 1, [CITY], today, step=2, state="fading")
    assert "Fading since" in visit("/search?q=signal+1").content.decode()


def test_a_merged_signal_stands_under_the_other_and_says_where_it_went(visit: Callable[..., Any]) -> None:
    director = places.actor(*LOCAL)
    merge = known.judge(director, 3, "merge", "The same works on both sides.", 1)
    assert (3 in listed(*LOCAL), 3 in listed(MINISTER, NATION), 3 in listed(NEIGHBOUR, NEXT_DOOR)) == (
        False,
        False,
        True,
    )
    text = visit("/signals").content.decode()
    assert "Rise in Leicester, with 1 signal merged into it" in text
    assert 'href="/signals/3' not in text
    assert 'href="/signals/1"' in visit("/search?q=signal+3").content.decode(), "found under the one it stands under"
    gone = visit("/signals/3").content.decode()
    assert "It was merged into another signal, under which it stands in the list." in gone
    assert 'href="/signals/1">Signal 1: Rise in Leicester</a>' in gone
    assert 'href="/signals/3">Signal 3: Rise in Leicester</a>' in visit("/signals/1").content.decode()
    foreign = visit("/signals/3", NEIGHBOUR, NEXT_DOOR).content.decode()
    assert "under which it stands in the list (1 of them lies with other offices)." in foreign
    client = build.browser(DIRECTOR)
    build.act(client, OFFICE, "outbreak_control")
    told = {each["number"]: each for each in client.get("/api/v1/signals").json()["items"]}
    assert (told[1]["merged"], 3 in told) == ([3], False)
    assert client.get("/api/v1/signals/3").json()["signal"]["merged_into"] == [1]
    known.take_back(director, merge)
    assert 3 in listed(*LOCAL)
    assert 'href="/signals/3"' in visit("/search?q=signal+3").content.decode()
