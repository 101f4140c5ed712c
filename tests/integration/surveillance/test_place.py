"""*Place* over the real database: figures that add up, parity of tiers, nothing of other places, downloads, moments."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import django
import pytest
from django.apps import apps
from django.test import Client

if not apps.ready:  # models can be imported only once Django is set up
    django.setup()

from commonweal.apps.access import actions, agreements, authorities
from commonweal.apps.access.scope import Actor
from commonweal.apps.access.signin import accounts
from commonweal.apps.surveillance import known, place_ground
from commonweal.apps.surveillance.views import place
from commonweal.core.errors import NotThere
from commonweal.web import db
from tests.integration.access import build
from tests.integration.intake import ground
from tests.integration.intake import world as records

DIRECTOR, OFFICE = "director@leicester.example", "director-of-public-health-e06000016"
NEIGHBOUR, NEXT_DOOR = "director@county.example", "director-of-public-health-e10000018"
MINISTER, NATION = "minister@nation.example", "national-decision-maker-e92000001"
CITY, WARD, SMALL, MIDDLE, DISTRICT = "E06000016", "E05010458", "E01013601", "E02002803", "E07000135"
OPEN = {CITY: [(DIRECTOR, OFFICE), (MINISTER, NATION)], "E10000018": [(NEIGHBOUR, NEXT_DOOR), (MINISTER, NATION)]}
PLACES = (CITY, WARD, SMALL, MIDDLE)


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> None:
    """Leicester and its county, both tiers agreed, results of five weeks that arrived on the day of the test."""
    records.make_places()
    records.make_laboratory("lab-one")
    authorities.ensure({CITY: "Leicester", "E10000018": "Leicestershire"}, {"E12000004": "East Midlands"})
    ground.lay()
    for email, office in ((DIRECTOR, OFFICE), (NEIGHBOUR, NEXT_DOOR), (MINISTER, NATION)):
        actions.invite(email, email.partition("@")[0].title(), [office])
    for code, parties in OPEN.items():
        for email, office in parties:
            agreements.accept(f"public-health-{code.lower()}-1", actor(email, office))
    send(0, 90)
    with db.recorded("ingest") as write:
        for day, low, high in (("2020-06-01", 0, 2), ("2020-06-08", 5, 5)):
            write.cursor.execute(
                "insert into surveillance.value values (%s, 'cases_in_week', %s, %s, %s, %s, null, 1, %s,"
                " 'middle_areas')",
                [MIDDLE, day, day, low, high, write.tick],
            )
        speak_for(write, "cases_in_week", MIDDLE, "middle_areas", date(2020, 6, 8))


def speak_for(write: db.Recorded, metric: str, code: str, source: str, published: date) -> None:
    """A file of a source that has the place."""
    write.cursor.execute(
        "insert into surveillance.dataset (sha256, label, layout, title, first_published, last_published, row_count,"
        " new_count, outcomes, attribution, source, publications, tick_id) values (sha256(%s), 'a', 'tidy', 'a', %s, %s,"
        " 1, 1, '{}', 'nobody', %s, %s, %s) returning id",
        [f"{metric} {code}".encode(), published, published, source, [published], write.tick],
    )
    number = write.cursor.fetchone()[0]
    write.cursor.execute(
        "insert into surveillance.coverage values (%s, %s, %s, %s, %s)", [number, metric, code, source, write.tick]
    )


def actor(email: str, office: str) -> Actor:
    return Actor(accounts.require(email).person_id, office, "outbreak_control")


def send(first: int, count: int) -> None:
    """Results by day of swab, a third of them positive, over the postcodes of city and district in turn."""
    today = db.value("backup", "select (commonweal.now() at time zone 'Europe/London')::date")
    rows = []
    for number in range(first, first + count):
        day = today - timedelta(days=1 + number % 35)
        stamps = {"specimen_date": f"{day}T09:00:00Z", "reported_at": f"{day}T21:00:00Z"}
        postcode = ("LE1 1AA", "LE1 1AB", "LE2 0AA", "LE18 1AA")[number % 4]
        result = "positive" if number % 3 == 0 else "negative"
        rows.append(
            records.record(record_id=f"R{number}", person_id=f"P{number}", result=result, postcode=postcode, **stamps)
        )
    records.send(records.as_csv(*rows))


@pytest.fixture
def visit() -> Callable[..., Any]:
    def one(path: str, email: str = DIRECTOR, office: str = OFFICE) -> Any:
        client: Client = build.browser(email)
        build.act(client, office, "outbreak_control")
        return client.get(path)

    return one


@pytest.mark.parametrize("code", PLACES)
def test_every_level_has_a_page_that_says_and_shows(code: str, visit: Callable[..., Any]) -> None:
    answer = visit(f"/places/{code}")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert text.count("<h1") == 1
    assert "tested positive in the seven days to" in text
    assert "of tests were positive" in text
    assert 'id="curve"' in text
    assert "style=" not in text
    for heading in ("What this is", "What the words mean", "Whom to ask", "How was this computed?"):
        assert heading in text


@pytest.mark.parametrize("code", PLACES)
def test_both_tiers_get_the_same_figures_for_the_same_moment(code: str) -> None:
    as_of = db.freeze()
    local = place.read(actor(DIRECTOR, OFFICE), code, as_of, exported=False)
    national = place.read(actor(MINISTER, NATION), code, as_of, exported=False)
    assert local.figures == national.figures
    assert local.series == national.series


def test_figures_are_the_count_over_records() -> None:
    as_of = db.freeze()
    for code, column in ((CITY, "scope_ltla"), (SMALL, "lsoa_code"), (MIDDLE, "msoa_code")):
        found = place.read(actor(DIRECTOR, OFFICE), code, as_of, exported=False).figures
        sql = f"select specimen_date as day, count(*) filter (where result = 'positive') as positive, count(*) as n from record.result where {column} = %s group by 1"
        slow = {row["day"]: (row["positive"], row["n"]) for row in records.stored(sql, [code])}
        fast = {each.day: (each.positive, each.tests) for each in found.days if each.tests}
        assert fast == slow
        assert sum(sum(each.people) for each in found.days) == sum(positive for positive, _ in slow.values())


def test_parts_add_up_to_the_whole() -> None:
    as_of = db.freeze()
    whole = place.read(actor(DIRECTOR, OFFICE), CITY, as_of, exported=False).figures
    parts = [
        place.read(actor(DIRECTOR, OFFICE), each.code, as_of, exported=False).figures
        for each in place_ground.of_place(CITY).inside
    ]
    assert len(parts) == 2
    for at, day in enumerate(whole.days):
        assert sum(sum(part.days[at].people) for part in parts) == sum(day.people)
        assert sum(part.days[at].tests for part in parts) == day.tests


@pytest.mark.parametrize(
    "code", [DISTRICT, "E01025801", "E02005360", "E05005500", "E10000018", "E12000004", "E92000001"]
)
def test_places_of_other_offices_are_not_there(code: str, visit: Callable[..., Any]) -> None:
    for path in (f"/places/{code}", f"/places/{code}/curve.csv", f"/places/{code}/by-day.parquet"):
        answer = visit(path)
        assert answer.status_code == 404, path
        assert b"tested positive in the seven days" not in answer.content
    with pytest.raises(NotThere, match="not among the places that your office reads"):
        place.read(actor(DIRECTOR, OFFICE), code, db.freeze(), exported=False)


def test_a_region_is_shown_to_an_office_that_reads_all_of_it(visit: Callable[..., Any]) -> None:
    assert visit("/places/E10000018", NEIGHBOUR, NEXT_DOOR).status_code == 200
    text = visit("/places/E12000004", MINISTER, NATION).content.decode()
    assert "<h1" in text
    assert "East Midlands" in text
    assert '<a class="govuk-link" href="/places/E06000016">' in text


def test_a_country_is_the_sum_of_what_is_loaded_and_says_so(visit: Callable[..., Any]) -> None:
    nation = actor(MINISTER, NATION)
    as_of = db.freeze()
    country = place.read(nation, "E92000001", as_of, exported=False)
    parts = [place.read(nation, code, as_of, exported=False) for code in (CITY, DISTRICT)]
    assert country.ground.name == "2 authorities of England", "two of about 300 are not England"
    assert country.ground.residents == sum(part.ground.residents for part in parts)
    assert country.figures.rate.people == sum(part.figures.rate.people for part in parts)
    assert {peer.code for peer in country.figures.peers} == {CITY, DISTRICT}
    text = visit("/places/E92000001", MINISTER, NATION).content.decode()
    assert '<a class="govuk-link" href="/places/E12000004">East Midlands</a>' in text
    assert 'href="/places/E92000001/why' not in text
    assert visit("/places/E92000001").status_code == 404, "the city's director does not read all of it"
    analyst = ("analyst@nation.example", "national-analyst-e92000001")
    actions.invite(analyst[0], "Analyst", [analyst[1]])
    assert "for a region at most" in visit("/places/E92000001/why", *analyst).content.decode()


@pytest.mark.parametrize("code", ["E06999999", "x", "E0601601", "'; drop table", "K02000001"])
def test_what_is_no_place_is_said_to_be_none(code: str, visit: Callable[..., Any]) -> None:
    assert visit(f"/places/{code}").status_code == 404


def test_neighbours_of_other_offices_are_named_without_a_link(visit: Callable[..., Any]) -> None:
    text = visit(f"/places/{CITY}").content.decode()
    assert 'href="/places/E02002803"' in text
    assert "East Midlands" in text
    assert 'href="/places/E12000004"' not in text


def test_a_suppressed_value_is_an_interval(visit: Callable[..., Any]) -> None:
    with_series = visit(f"/places/{MIDDLE}").content.decode()
    assert "Published series" not in with_series, "those values are older than the days shown"
    as_of = db.freeze()
    found = place.series_of(MIDDLE, as_of.date().replace(year=2020, month=5, day=1), as_of)
    assert [(row["low"], row["high"]) for row in found[0].rows] == [(0.0, 2.0), (5.0, 5.0)]


def test_authorities_are_held_against_each_other_by_what_is_published(visit: Callable[..., Any]) -> None:
    assert place.read(actor(DIRECTOR, OFFICE), CITY, db.freeze(), exported=False).figures.published is None
    today = db.value("backup", "select (commonweal.now() at time zone 'Europe/London')::date")
    with db.recorded("ingest") as write:
        for code, n in ((CITY, 9), (DISTRICT, 2)):
            for back in range(3, 12):
                write.cursor.execute(
                    "insert into surveillance.value values (%s, 'cases_by_specimen_date', %s, %s, %s, %s, null, 2, %s,"
                    " 'dashboard')",
                    [code, today - timedelta(days=back), today, n, n, write.tick],
                )
            speak_for(write, "cases_by_specimen_date", code, "dashboard", today)
    as_of = db.freeze()
    local = place.read(actor(DIRECTOR, OFFICE), CITY, as_of, exported=False).figures.published
    assert local == place.read(actor(MINISTER, NATION), CITY, as_of, exported=False).figures.published
    assert local is not None
    assert {each.code: each.seen for each in local.peers} == {CITY: 63, DISTRICT: 14}
    assert "All authorities, people who tested positive" in visit(f"/places/{CITY}").content.decode()


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet", "svg"])
def test_downloads_carry_the_moment_and_are_entered_as_exports(form: str, visit: Callable[..., Any]) -> None:
    before = db.value("backup", "select count(*) from access.read_rows where exported")
    answer = visit(f"/places/{SMALL}/curve.{form}")
    assert answer.status_code == 200
    assert answer["Content-Disposition"].endswith(f'.{form}"')
    assert db.value("backup", "select count(*) from access.read_rows where exported") == before + 1
    assert visit(f"/places/{SMALL}/nonsense.{form}").status_code == 404
    assert visit(f"/places/{SMALL}/by-day.svg").status_code == 404


def test_a_moment_stays_the_same_after_more_arrived(visit: Callable[..., Any]) -> None:
    link = re.search(
        r'href="(/places/E06000016\?as_of=[^"]+)">Link that always', visit(f"/places/{CITY}").content.decode()
    )
    assert link is not None
    address = link.group(1).replace("&amp;", "&")
    before = visit(address.replace("/places/E06000016?", "/places/E06000016/by-day.csv?")).content
    send(90, 40)
    assert visit(address.replace("/places/E06000016?", "/places/E06000016/by-day.csv?")).content == before
    assert visit(f"/places/{CITY}/by-day.csv").content != before
    typed = visit(f"/places/{CITY}?at-day=1&at-month=1&at-year=2020&at-time=10.00")
    assert typed.status_code == 302
    assert "That is not nought: nobody had told us" in visit(typed["Location"]).content.decode()


def test_reading_a_place_is_entered_in_the_access_record(visit: Callable[..., Any]) -> None:
    visit(f"/places/{SMALL}")
    newest = records.stored(
        "select query, filters, place_codes from access.read_record where query = 'place' order by at desc limit 1"
    )[0]
    assert newest["filters"] == {"place": SMALL}
    assert newest["place_codes"] == [CITY]


def test_the_authorities_of_many_places_are_those_of_each() -> None:
    ground = place_ground.of_place("E06000016")
    around = [*ground.within, *ground.inside, *ground.neighbours, *place_ground.of_place(ground.inside[0].code).inside]
    found = place_ground.authorities_of_all([*around, place_ground.Named("E02999999", "msoa", "nowhere")])
    assert {each.level for each in around} >= {"msoa", "lsoa"}
    assert found == {each: place_ground.authorities_of(each.code, each.level) for each in found}
    assert () in found.values()


def test_what_happened_stands_on_the_curve_as_a_numbered_mark(visit: Callable[..., Any]) -> None:
    before = db.freeze().isoformat().replace("+00:00", "Z")
    director = actor(DIRECTOR, OFFICE)
    day = db.value("backup", "select (commonweal.now() at time zone 'Europe/London')::date") - timedelta(days=9)
    unit = known.write_note(director, known.About(CITY, first=day), "A testing unit opened at the mosque.")
    undated = known.write_note(director, known.About(CITY), "People here speak of a wedding.")
    taken_back = known.write_note(director, known.About(CITY, first=day), "Said by mistake.")
    known.take_back_note(director, taken_back)
    for email, office in ((DIRECTOR, OFFICE), (MINISTER, NATION)):
        text = visit(f"/places/{CITY}", email, office).content.decode()
        assert re.search(rf"<li>1\. [^<]*A testing unit opened at the mosque\. \([^<]*note {unit}\)</li>", text)
        assert "speak of a wedding" not in text, f"note {undated} names no day"
        assert "Said by mistake" not in text
    assert "opened at the mosque" in visit(f"/places/{CITY}/curve.svg").content.decode()
    assert "opened at the mosque" not in visit(f"/places/{CITY}?as_of={before}").content.decode()
    assert "Days after" in text[text.index('id="curve"') :], "the picture says what is not complete"
