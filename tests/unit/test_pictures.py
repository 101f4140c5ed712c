"""Single facts about pictures that a reader relies on."""

from __future__ import annotations

import gzip
import json
from datetime import date
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from commonweal.core import pictures as p
from commonweal.core.errors import Refused
from commonweal.core.pictures import palette, scale, shapes, svg
from commonweal.core.pictures.funnel import Across
from tests.functional import samples


def test_two_tones_of_blue_can_be_told_apart_without_colour() -> None:
    for first, second in combinations((*palette.LAYERS, palette.WHITE), 2):
        assert palette.contrast(first, second) >= 3, (first, second)


@pytest.mark.parametrize("colour", [palette.ORANGE, palette.GREY, palette.DARK_GREY, palette.INK])
def test_signs_show_on_white(colour: str) -> None:
    assert palette.contrast(colour, palette.WHITE) >= 3


def test_map_classes_darken_in_clear_steps_and_borders_show_on_each() -> None:
    for light, dark in pairwise(palette.CLASSES):
        assert palette.luminance(light) > palette.luminance(dark)
        assert palette.contrast(light, dark) >= 1.4
    for colour in palette.CLASSES:
        assert max(palette.contrast(colour, palette.WHITE), palette.contrast(colour, palette.INK)) >= 3


def test_contrast_of_black_on_white_is_the_definition() -> None:
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize(("largest", "top"), [(0, 1), (1, 1), (4, 4), (7, 8), (59, 60), (61, 80), (944, 1000)])
def test_value_axis_ends_at_the_next_round_number(largest: float, top: float) -> None:
    axis = scale.value_axis(largest, 200, 0)
    assert axis.top == top
    assert axis.ticks[0] == 0
    assert axis.ticks[-1] == top
    assert len(axis.ticks) <= 5


def test_days_with_a_gap_are_refused() -> None:
    days = (p.CurveDay(date(2020, 6, 1), (1,)), p.CurveDay(date(2020, 6, 3), (1,)))
    with pytest.raises(Refused, match="2020-06-03 where 2020-06-02 follows"):
        p.draw_epidemic_curve(p.EpidemicCurve("Fernleigh", ("All",), days, "", ""))


def test_a_positive_test_needs_a_test() -> None:
    with pytest.raises(Refused, match="3 positive of 2 tests"):
        p.draw_positivity(p.Positivity("Fernleigh", (p.PositivityDay(date(2020, 6, 1), 2, 3),), "", ""))


def test_a_map_with_an_area_too_many_is_refused() -> None:
    data = samples.map_data()
    with pytest.raises(Refused, match="E02000015"):
        p.draw_map(p.AreaMap(**{**vars(data), "values": data.values[:-1]}))


def test_suppressed_counts_are_nowhere_in_map_or_table() -> None:
    data = samples.map_data()
    hidden = p.AreaValue("E02000003", 98_765.4, 98_765, 8_000, suppressed=True)
    picture = p.draw_map(p.AreaMap(**{**vars(data), "values": (*data.values[:3], hidden, *data.values[4:])}))
    everything = picture.wide + picture.narrow + picture.file + repr(picture.table) + repr(picture.words)
    assert "98765" not in everything
    assert "98,765" not in everything
    assert ("Evington", None, None, 8_000, "too few people to show", "E02000003") in picture.table.rows


def test_map_table_is_sorted_by_value_and_hidden_areas_come_last() -> None:
    values = [row[1] for row in samples.area_map().table.rows]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=True)
    assert values[len(known) :] == [None] * (len(values) - len(known))


def test_a_value_on_a_break_belongs_to_the_class_above() -> None:
    classes = p.Classes("Rate", "people", (25.0, 50.0, 100.0, 200.0))
    assert [classes.of(value) for value in (0, 24.99, 25, 50, 199.9, 200, 1e9)] == [0, 0, 1, 2, 3, 4, 4]
    assert classes.names()[0] == "under 25"
    assert classes.names()[4] == "200 or more"


@pytest.mark.parametrize("href", ["javascript:alert(1)", "https://elsewhere.example/", "//elsewhere.example/"])
def test_links_leave_this_site_never(href: str) -> None:
    with pytest.raises(Refused, match="addresses of this site"):
        svg.link(href, "name", "")


def test_the_file_carries_no_links_but_its_source_and_as_of() -> None:
    picture = samples.area_map()
    assert "<a " in picture.wide
    assert "<a " not in picture.file
    for words in (samples.KNOWN, samples.SOURCE):
        assert svg.escape(words) in picture.file


def test_longest_holder_is_named() -> None:
    picture = samples.delays()
    assert "by National store (31 hours)" in picture.words.description
    assert [row[-1] for row in picture.table.rows] == ["Midlands Laboratory", "National store", "Courier"]


def test_events_are_numbered_in_order_of_time() -> None:
    assert samples.curve().notes[0].startswith("1. Friday 22 May: ")
    assert samples.curve().notes[1].startswith("2. Thursday 4 June: ")


def test_a_line_is_refused_and_a_multipolygon_read() -> None:
    square = [[[0, 0], [1, 0], [1, 1], [0, 0]]]
    feature = {
        "properties": {"c": "E1", "n": "One"},
        "geometry": {"type": "MultiPolygon", "coordinates": [square, square]},
    }
    assert len(shapes.shapes_from_geojson([feature], "c", "n")[0].rings) == 2
    with pytest.raises(Refused, match="E1 is a LineString"):
        shapes.shapes_from_geojson([{**feature, "geometry": {"type": "LineString", "coordinates": []}}], "c", "n")
    with pytest.raises(Refused, match="lacks the property 'name'"):
        shapes.shapes_from_geojson([feature], "c", "name")


def test_centre_of_gravity_of_a_rectangle_is_its_middle() -> None:
    area = p.AreaShape("E1", "One", (((-1.2, 52.6), (-1.0, 52.6), (-1.0, 52.7), (-1.2, 52.7), (-1.2, 52.6)),))
    assert shapes.middle(area) == pytest.approx((-1.1, 52.65))


@pytest.mark.shared
def test_a_real_city_fits_in_a_page(shared: Path) -> None:
    text = gzip.decompress((shared / "data/boundaries_leicestershire/lsoa11_leics_rutland.geojson.gz").read_bytes())
    features = [each for each in json.loads(text)["features"] if each["properties"]["lad19cd"] == "E06000016"]
    areas = p.shapes_from_geojson(features, "lsoa11cd", "lsoa11nm")
    values = tuple(p.AreaValue(area.code, float(at), at, 1_600) for at, area in enumerate(areas))
    classes = p.Classes("Rate", "people per 100,000 residents", (25.0, 50.0, 100.0, 200.0))
    picture = p.draw_map(p.AreaMap("Leicester", classes, areas, values, "", "", "June"))
    assert len(areas) == 192
    assert len(picture.wide) < 400_000


def test_a_fan_keeps_its_ends_in_order_and_says_where_it_stands() -> None:
    day = p.FanDay(date(2020, 10, 1), 0.8, 0.9, 1.0, 1.1, 1.2)
    above = p.FanDay(date(2020, 10, 2), 1.1, 1.2, 1.3, 1.4, 1.5)
    drawn = p.draw_fan(p.Fan("Fernleigh", (day, above), "", "", "Renewal model."))
    assert "1.30 on the last day, 90% interval 1.10 to 1.50, above 1" in drawn.words.description
    assert drawn.table.rows[0] == (date(2020, 10, 1), 0.8, 0.9, 1.0, 1.1, 1.2)
    with pytest.raises(Refused, match="not in order"):
        p.draw_fan(p.Fan("Fernleigh", (p.FanDay(date(2020, 10, 1), 1.2, 0.9, 1.0, 1.1, 1.2),), "", "", ""))


def test_a_fan_is_broken_off_where_days_are_missing_and_shows_a_lone_one() -> None:
    def drawn(*days: int) -> str:
        found = [p.FanDay(date(2020, 10, day), 0.8, 0.9, 1.0, 1.1, 1.2) for day in days]
        return p.draw_fan(p.Fan("Fernleigh", tuple(found), "", "", "")).wide

    lines = [svg.count("<polygon") for svg in (drawn(1, 2, 3, 4, 5), drawn(1, 2, 4, 5), drawn(1, 3, 5))]
    assert [count // lines[0] for count in lines] == [1, 2, 3]
    with pytest.raises(Refused, match="2020-10-01 after 2020-10-02"):
        drawn(2, 1)


def test_the_sizes_of_a_funnel_begin_below_the_smallest_place() -> None:
    alike = Across.over([3.6, 4.5, 5.7], 40.0, 400.0)
    assert alike.ticks == (3.5, 4.0, 4.5, 5.0, 5.5, 6.0)
    assert (alike.at(3.5), alike.at(6.0)) == (40.0, 400.0)
    assert Across.over([0.3, 90.0], 0.0, 1.0).ticks[0] == 0.0, "where sizes differ much nought is on the axis"
    assert Across.over([2.0], 0.0, 1.0).at(2.0) in (0.0, 1.0), "a single size has an axis as well"


def test_the_unit_of_small_multiples_is_wrapped_where_it_would_be_cut() -> None:
    days = tuple(date(2020, 6, day) for day in range(1, 4))
    many = p.SmallMultiples(
        "Alike",
        "people per 100,000 residents in seven days",
        days,
        (p.SmallSeries("Here", (1.0, 2.0, 3.0), ""),),
        "",
        "",
    )
    drawn = p.draw_small_multiples(many, "alike")
    assert "seven days, all on one scale" in drawn.wide
    assert "seven days, all on one scale" not in drawn.narrow
    assert ">days, all on one scale" in drawn.narrow


def test_a_funnel_names_the_highest_outside_and_refuses_places_without_expectation() -> None:
    limits = (p.FunnelLimit(1, -0.5, 0.0, 2.0, 3.0), p.FunnelLimit(10, 0.2, 0.4, 1.6, 2.0))
    places = (p.FunnelPlace("Low", 4, 8.0), p.FunnelPlace("High", 30, 9.0, outside=True))
    drawn = p.draw_funnel(p.FunnelPlot("Cases", places, limits, "", "", "Exact limits."))
    assert "1 outside the 99.8% limits; highest High with 30 where 9.0 were expected" in drawn.words.description
    assert drawn.table.rows[0][0] == "High"
    assert ">High<" in drawn.wide
    assert ">High<" in drawn.narrow
    with pytest.raises(Refused, match=r"Nowhere: the expected count 0 is not above nought"):
        p.draw_funnel(p.FunnelPlot("Cases", (p.FunnelPlace("Nowhere", 1, 0),), limits, "", "", ""))


def test_the_outline_of_areas_side_by_side_goes_around_all_of_them() -> None:
    left = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0))
    right = ((1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0), (1.0, 0.0))
    away = ((5.0, 5.0), (6.0, 5.0), (6.0, 6.0), (5.0, 5.0))
    found = shapes.together([left, right, away])
    assert len(found) == 2, "one border around the two, one around the third"
    sides = {frozenset(side) for ring in found for side in pairwise(ring)}
    assert frozenset(((1.0, 0.0), (1.0, 1.0))) not in sides
    assert len(sides) == 6 + 3
    assert all(ring[0] == ring[-1] for ring in found)


def test_settings_on_a_map_are_signs_and_the_table_and_the_words_name_them() -> None:
    data = samples.map_data()
    first = data.shapes[0]
    marked = p.Outline("Cluster", first.rings, codes=frozenset({first.code}))
    signs = p.Symbols("Outbreaks in settings that go on", {first.code: 3})
    picture = p.draw_map(p.AreaMap(**{**vars(data), "outlines": (marked,), "symbols": signs}))
    column = [each.heading for each in picture.table.columns].index("Marked")
    said = {row[-1]: row[column] for row in picture.table.rows}
    assert said.pop(first.code) == "Cluster; Outbreaks in settings that go on: 3"
    assert set(said.values()) == {"no"}
    assert f"outlined: Cluster ({first.name})" in picture.words.description
    assert f"outbreaks in settings that go on: {first.name}" in picture.words.description
    assert ">3</text>" in picture.wide
    assert ">3</text>" in picture.narrow


def test_a_funnel_names_this_place_and_those_outside_where_there_is_room() -> None:
    places = (
        p.FunnelPlace("Kiln Steps", 19, 5.0, True, False),
        p.FunnelPlace("Granary End", 16, 3.6, True, False),
        p.FunnelPlace("Beside Kiln Steps", 19, 5.0001, True, False),
        p.FunnelPlace("Mercer End", 8, 5.9, False, True),
        p.FunnelPlace("Wood", 4, 5.2, False, False),
    )
    limits = tuple(p.FunnelLimit(size, 0.0, 0.2, 2.0, 2.6) for size in (3.5, 6.0))
    drawn = p.draw_funnel(p.FunnelPlot("Places", places, limits, "s", "k", "m")).wide
    for name in ("Granary End", "Mercer End"):
        assert f">{name}</text>" in drawn
    assert ">Kiln Steps</text>" not in drawn or ">Beside Kiln Steps</text>" not in drawn, "no name on another dot"
    assert ">Wood</text>" not in drawn
