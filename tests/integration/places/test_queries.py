"""What pages ask of places: areas, names, denominators, outlines, neighbours, search."""

from __future__ import annotations

import json
from datetime import date

import pytest

from commonweal.apps.places import queries, search
from commonweal.apps.places.actions import load_files
from commonweal.apps.places.checks import CHECKS
from commonweal.web import db

from .build import PEOPLE, directory, lsoa_table, postcode, saved


def ring(column: int) -> list[list[float]]:
    """A closed square of about 700 m beside the next."""
    west = -1.1 + column * 0.01
    return [[west, 52.6], [west + 0.01, 52.6], [west + 0.01, 52.606], [west, 52.606], [west, 52.6]]


def boundaries() -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"lsoa11cd": f"E0100000{n + 1}"},
            "geometry": {"type": "Polygon", "coordinates": [ring(n)]},
        }
        for n in range(4)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


AUTHORITIES = (
    "area_code,area_name,geography,all_ages,age_0_4,age_5_89,age_90plus\n"
    "E06000016,Leicester,Unitary Authority,354224,20000,330000,4224\n"
    "E11000007,Tyne and Wear (Met County),Metropolitan County,5,1,3,1\n"
)


@pytest.fixture(scope="module", autouse=True)
def loaded(space: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("places")
    rows = [
        postcode("LE1 1AA", 0),
        postcode("LE1 1AB", 3),
        postcode("LE1 2AA", 5, doterm="200603"),
        postcode("LE11 1AA", 1),
    ]
    load_files(
        [
            saved(folder, "lsoa.csv", lsoa_table()),
            saved(folder, "b.geojson", boundaries()),
            saved(folder, "mid2019.csv", AUTHORITIES.encode()),
            saved(folder, "onspd-2020-05.csv", directory(*rows)),
        ]
    )


def codes(areas: list[queries.Area]) -> set[str]:
    return {area.code for area in areas}


@pytest.mark.parametrize(
    ("code", "level", "expected"),
    [
        ("E06000016", "msoa", {"E02000001", "E02000002"}),
        ("E10000018", "ltla", {"E07000129", "E07000130"}),
        ("E06000061", "ltla", {"E07000150", "E07000151"}),
        ("E12000004", "utla", {"E06000016", "E10000018", "E10000021"}),
        ("E92000001", "region", {"E12000004"}),
        ("K03000001", "country", {"E92000001"}),
        ("E02000001", "lsoa", {"E01000001", "E01000002"}),
        ("E99999999", "lsoa", set()),
    ],
)
def test_areas_in_an_area_of_any_vintage(code, level, expected):
    assert codes(queries.areas_in(code, level)) == expected


def test_areas_are_sorted_by_the_name_people_use():
    shown = [area.shown for area in queries.areas_in("E92000001", "msoa")]
    assert shown == sorted(shown) == [f"Ward of 0{n}" for n in range(1, 7)]


def test_an_authority_of_both_tiers_stands_at_both():
    assert queries.area("E06000016").level == "ltla"
    assert queries.area("E06000016", "utla").name == "Leicester"
    assert queries.area("E07000129", "utla") is None
    assert queries.names(["E10000018", "E02000001", "E00000000"]) == {
        "E10000018": "Leicestershire",
        "E02000001": "Ward of 01",
    }


def test_denominators_add_up_over_levels():
    for level, code, areas in (
        ("msoa", "E02000001", 2),
        ("ltla", "E07000151", 3),
        ("utla", "E10000018", 3),
        ("country", "E92000001", 10),
    ):
        found = queries.denominators([code], level=level)[code]
        assert (found.n, found.reference_date) == (areas * PEOPLE, date(2020, 6, 30))
    bands = [
        queries.denominators(["E12000004"], level="region", band=b)["E12000004"].n
        for b in ("0-15", "16-29", "30-44", "45-64", "65+")
    ]
    assert sum(bands) == 10 * PEOPLE


def test_a_denominator_names_its_date_and_an_older_one_can_be_asked_for():
    old = queries.denominators(["E06000016"], level="ltla", on=date(2019, 6, 30))["E06000016"]
    assert (old.n, old.reference_date) == (354_224, date(2019, 6, 30))
    assert "Open Government Licence" in old.attribution
    assert queries.denominators(["E06000016"], level="ltla", band="0-4")["E06000016"].n == 20_000
    assert queries.denominators(["E06000016"], level="ltla", band="7-8") == {}
    assert queries.denominators(["E01000001"], level="lsoa")["E01000001"].n == PEOPLE


def test_outlines_of_the_areas_in_an_area():
    found = queries.boundaries_in("E06000016", "lsoa")
    assert [each["code"] for each in found] == ["E01000001", "E01000002", "E01000003"]
    assert found[0]["geometry"]["type"] == "MultiPolygon"
    assert found[0]["name"] == "Leicester 000A"
    assert queries.boundaries_in("E06000016", "msoa") == []


def test_neighbours_touch_where_outlines_are_known_and_are_near_elsewhere():
    assert [(n, basis) for n, basis, _ in queries.neighbours("E01000002", "lsoa")] == [
        ("E01000001", "touching"),
        ("E01000003", "touching"),
    ]
    far = queries.neighbours("E01000009", "lsoa")
    assert {basis for _, basis, _ in far} == {"distance"}
    assert ("E01000010", "distance", 1000.0) in far


def test_the_graph_of_neighbours_uses_outlines_where_all_areas_have_them():
    four = [f"E0100000{n}" for n in (1, 2, 3, 4)]
    assert queries.neighbour_pairs(four, "lsoa") == [
        (four[a], four[b]) for a, b in ((0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2))
    ]
    near = queries.neighbour_pairs([*four, "E01000009"], "lsoa")
    assert {("E01000009", code) for code in four} <= set(near)
    assert {(b, a) for a, b in near} == set(near)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("le1 1aa", ["LE11AA"]),
        ("LE1 2AA", ["LE12AA"]),  # terminated, but asked for by its whole name
        ("LE1", ["LE111AA", "LE11AA", "LE11AB"]),  # terminated ones are not offered
        ("LE1 1A", ["LE11AA", "LE11AB"]),
        ("Leicester", ["E10000018", "E06000016", "E02000001", "E02000002", "E01000001", "E01000002", "E01000003"]),
        ("ward of 03", ["E02000003"]),
        ("blab", ["E07000129", "E02000003", "E01000004", "E01000005"]),
        ("%", []),
        ("____", []),
        ("x", []),
        ("LE99", []),
    ],
)
def test_search_finds_larger_places_first(text, expected):
    assert [row["code"] for row in search.search(text)] == expected


def test_search_says_where_a_middle_area_lies():
    assert search.search("ward of 03")[0]["within"] == "Blaby"
    assert search.search("LE11AA")[0] == {
        "kind": "postcode",
        "code": "LE11AA",
        "name": "LE1 1AA",
        "within": "Ward of 01",
    }


def test_who_has_offices_from_the_day_places_are_loaded():
    assert queries.authorities() == {
        "E06000016": "Leicester",
        "E07000129": "Blaby",
        "E07000130": "Charnwood",
        "E07000150": "Corby",
        "E07000151": "Daventry",
        "E10000018": "Leicestershire",
        "E10000021": "Northamptonshire",
    }
    assert queries.regions() == {"E12000004": "East Midlands"}


def test_every_file_is_listed_with_its_words():
    listed = queries.datasets()
    assert [row["layout"] for row in listed] == ["onspd", "boundaries", "la_population", "lsoa_table"]
    assert all(row["known_at"] for row in listed)
    assert any("Royal Mail" in words for words in queries.attributions())


def test_the_checks_of_places_hold():
    assert [(check.name, check.run()) for check in CHECKS] == [(check.name, []) for check in CHECKS]


def test_one_postcode_is_one_look_into_an_index():
    with db.transaction("migrate") as cursor:
        cursor.execute("set local enable_seqscan = off")
        plan = db.fetch(cursor, "explain select scope_ltla from places.postcode_current where pcd = 'LE11AA'")
    assert "Index Scan using postcode_now_pkey" in "\n".join(row["QUERY PLAN"] for row in plan)
