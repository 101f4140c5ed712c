"""Boundaries: read, checked ring by ring, drawn with fewer points, and neighbours found from them."""

import json

import numpy as np
import pytest

from commonweal.core.errors import Refused
from commonweal.core.places.shapes import drawn, ring_area

from .build import opened

DEGREE = 0.001  # about 111 m of latitude, 68 m of longitude at 52 degrees


def square(column: int, row: int, size: int = 1, x0: float = -1.1, y0: float = 52.6) -> list[list[float]]:
    """A closed square ring in a grid of DEGREE."""
    corners = [(0, 0), (size, 0), (size, size), (0, size), (0, 0)]
    return [[round(x0 + (column + x) * DEGREE, 6), round(y0 + (row + y) * DEGREE, 6)] for x, y in corners]


def feature(code: str, *rings: list[list[float]], **properties: str) -> dict:
    geometry = {"type": "Polygon", "coordinates": list(rings)}
    return {"type": "Feature", "properties": {"lsoa11cd": code, **properties}, "geometry": geometry}


def geojson(*features: dict, **more: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", **more, "features": list(features)}).encode()


def code(number: int) -> str:
    return f"E010{number:05d}"


def refusal(data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        opened(data, "b.geojson").tables()
    return str(refused.value)


def test_a_boundary_file_names_areas_what_they_lie_in_and_their_neighbours():
    data = geojson(
        feature(code(1), square(0, 0), lsoa11nm="One", msoa11cd="E02000001", lad19cd="E06000016"),
        feature(code(2), square(1, 0), lsoa11nm="Two", msoa11cd="E02000001", lad19cd="E06000016"),
        feature(code(3), square(5, 5), lsoa11nm="Far", msoa11cd="E02000002", lad19cd="E06000016"),
    )
    file = opened(data, "b.geojson")
    assert (file.layout, file.title) == ("boundaries", "boundaries as GeoJSON")
    read = file.tables()
    assert read.boundaries.select("code", "level", "vintage").rows() == [(code(n), "lsoa", 2011) for n in (1, 2, 3)]
    assert read.neighbours.select("code", "neighbour", "basis", "metres").rows() == [
        (code(1), code(2), "touching", 0.0),
        (code(2), code(1), "touching", 0.0),
    ]
    assert ("E02000002", "msoa", 2011) in read.areas.select("code", "level", "vintage").rows()
    assert (code(3), "E06000016", 2019) in read.parents.select("code", "parent_code", "parent_vintage").rows()


def test_the_point_of_an_area_is_its_middle():
    read = opened(geojson(feature(code(1), square(0, 0)))).tables()
    row = read.areas.row(0, named=True)
    assert (row["long"], row["lat"]) == (-1.0995, 52.6005)


@pytest.mark.parametrize("heading", ["LSOA11CD", "lad19cd", "MSOA21CD", "WD20CD", "CTYUA19CD", "RGN19CD", "OA11CD"])
def test_the_property_is_found_by_pattern(heading):
    level, sample = {
        "LSOA11CD": ("lsoa", "E01000001"),
        "lad19cd": ("ltla", "E06000016"),
        "MSOA21CD": ("msoa", "E02000001"),
        "WD20CD": ("ward", "E05000001"),
        "CTYUA19CD": ("utla", "E10000018"),
        "RGN19CD": ("region", "E12000004"),
        "OA11CD": ("oa", "E00000001"),
    }[heading]
    item = {
        "type": "Feature",
        "properties": {"OBJECTID": 1, heading: sample},
        "geometry": feature("x", square(0, 0))["geometry"],
    }
    row = opened(geojson(item)).tables().boundaries.row(0, named=True)
    assert (row["code"], row["level"]) == (sample, level)


def multi(*polygons: list) -> dict:
    return {
        "type": "Feature",
        "properties": {"lsoa11cd": code(1)},
        "geometry": {"type": "MultiPolygon", "coordinates": list(polygons)},
    }


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (geojson(feature(code(1), square(0, 0)[:-1])), "feature 1 (E01000001), ring 1: 4 positions"),
        (geojson(feature(code(1), square(0, 0)[:2])), "a ring needs at least 4"),
        (geojson(feature(code(1), [[-1.1, 52.6]] * 5)), "encloses no ground"),
        (geojson(feature(code(1), [[-1.1, 52.6], [-1.2, "x"], [-1.2, 52.7], [-1.1, 52.6]])), "not a pair of"),
        (geojson(feature(code(1), [[-1.1, 52.6], [-1.2], [-1.2, 52.7], [-1.1, 52.6]])), "not a pair of"),
        (geojson(feature(code(1), [[459318, 304176], [459400, 304176], [459400, 304200], [459318, 304176]])), "National Grid"),
        (geojson(feature(code(1), square(0, 0, x0=30.0))), "not longitude and latitude in or near Great Britain"),
        (geojson(feature(code(1), square(0, 0, x0=52.6, y0=-1.1))), "not longitude and latitude"),
        (geojson(feature(code(1), square(0, 0)), feature(code(1), square(1, 0))), "feature 2, property lsoa11cd: 'E01000001' stands twice"),
        (geojson(feature("E02000001", square(0, 0))), "feature 1, property lsoa11cd: 'E02000001' is not a code of level lsoa"),
        (geojson(feature(code(1), square(0, 0)), {"type": "Feature", "properties": {}, "geometry": None}), "feature 2, property lsoa11cd: None"),
        (geojson({"type": "Feature", "properties": {"name": "x"}, "geometry": None}), "no property such as lsoa11cd"),
        (geojson({**feature(code(1)), "geometry": {"type": "Point", "coordinates": [0, 52]}}), "the geometry is 'Point'"),
        (geojson(feature(code(1), square(0, 0)), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}), "EPSG::27700"),
        (geojson(), "at least one feature"),
        (geojson(feature(code(1), square(0, 0)))[:-30], "not whole JSON"),
        (b'{"a": 1}', "a FeatureCollection"),
    ],
)  # fmt: skip
def test_a_wrong_boundary_file_is_refused(data, words):
    assert words in refusal(data)


def test_a_sliver_without_ground_is_dropped_where_the_area_has_other_ground():
    sliver = [[-1.3, 52.6], [-1.3, 52.7], [-1.3, 52.6], [-1.3, 52.6]]
    read = opened(geojson(multi([square(0, 0)], [sliver]))).tables()
    assert len(json.loads(read.boundaries["outline"][0])["coordinates"]) == 1


def test_degrees_named_as_such_are_accepted():
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert opened(geojson(feature(code(1), square(0, 0)), crs=crs)).tables().boundaries.height == 1


def wiggly(
    start: tuple[float, float], end: tuple[float, float], points: int, metres: float
) -> list[tuple[float, float]]:
    """A line with small bends, made the same way each time."""
    x, y = np.linspace(start[0], end[0], points), np.linspace(start[1], end[1], points)
    bend = np.where(np.arange(points) % 2, metres / 111_195, 0.0)
    bend[0] = bend[-1] = 0.0
    return list(zip((x + bend).tolist(), y.tolist(), strict=True))


def test_both_neighbours_get_the_same_line_with_fewer_points():
    """Two squares whose common border bends by 5 m: each has it the other way round."""
    left, right, low, high, middle = -1.12, -1.08, 52.6, 52.62, -1.1
    border = wiggly((middle, low), (middle, high), 41, 5.0)
    one = np.array([(left, low), *border, (left, high), (left, low)])
    other = np.array([(right, high), *border[::-1], (right, low), (right, high)])
    light = drawn({"one": [[one]], "other": [[other]]}, tolerance_m=20.0)
    first, second = light["one"][0][0].tolist(), light["other"][0][0].tolist()
    assert len(first) < 10
    shared = {tuple(p) for p in first} & {tuple(p) for p in second}
    assert shared == {(middle, low), (middle, high)}


def test_bends_larger_than_the_tolerance_stay():
    border = wiggly((-1.1, 52.6), (-1.1, 52.62), 11, 300.0)
    ring = np.array([(-1.12, 52.6), *border, (-1.12, 52.62), (-1.12, 52.6)])
    light = drawn({"a": [[ring]]}, tolerance_m=20.0)["a"][0][0]
    assert abs(ring_area(light) - ring_area(ring)) < 0.01 * ring_area(ring)
    assert len(light) == len(ring)


def test_an_area_never_vanishes_but_its_small_islands_do():
    main, island = np.array(square(0, 0)), np.array(square(5, 5))
    tiny = main[0] + (np.array(square(0, 0)) - main[0]) * 0.01
    assert len(drawn({"a": [[tiny]]}, tolerance_m=50.0)["a"]) == 1
    light = drawn({"a": [[main], [island[0] + (island - island[0]) * 0.01]]}, tolerance_m=50.0)["a"]
    assert len(light) == 1


def test_the_area_of_a_ring_in_square_metres():
    side_y, side_x = DEGREE * 111_195, DEGREE * 111_195 * np.cos(np.radians(52.6005))
    assert ring_area(np.array(square(0, 0))) == pytest.approx(side_x * side_y, rel=1e-6)
