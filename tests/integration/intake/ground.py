"""The ground under two authorities: what the places room would have worked out of official files for `world.POSTCODES`."""

from __future__ import annotations

import json

from commonweal.web import db

NATION = "E92000001"
AUTHORITIES = {"E06000016": "Leicester", "E07000135": "Oadby and Wigston"}
NEIGHBOURHOODS = {"E02002803": "Belgrave North West", "E02002810": "Spinney Hill Road", "E02005360": "South Wigston"}
RESIDENTS = {"E06000016": 20_000, "E07000135": 9_000, "E02002803": 12_000, "E02002810": 8_000, "E02005360": 9_000}


def lay() -> None:
    """Names, residents, scopes and square outlines, as if one file had been loaded."""
    with db.recorded("migrate") as write:
        run = write.cursor.execute
        run(
            "insert into places.dataset (id, sha256, layout, family, title, label, edition, row_count, attribution, tick_id)"
            " values (900, sha256('ground'), 'test', 'test', 'Made-up places', 'ground', '2019-06-01', 5, 'Made up.', %s)",
            [write.tick],
        )
        for code in AUTHORITIES:
            for covering in (code, NATION):
                run("insert into places.scope_cover values (%s, %s) on conflict do nothing", [covering, code])
        for level, names in (("ltla", AUTHORITIES), ("msoa", NEIGHBOURHOODS), ("country", {NATION: "England"})):
            for code, name in names.items():
                run(
                    "insert into places.area_now (code, level, vintage, name) values (%s, %s, 2019, %s)"
                    " on conflict do nothing",
                    [code, level, name],
                )
        for number, (code, people) in enumerate(RESIDENTS.items()):
            level = "ltla" if code in AUTHORITIES else "msoa"
            values = [code, level, people]
            run("insert into places.denominator values (%s, %s, '2019-06-30', 'all', 'all', %s, 900)", values)
            west, south = -1.2 + 0.02 * (number % 2), 52.6 + 0.02 * (number // 2)
            ring = [
                [west, south],
                [west + 0.02, south],
                [west + 0.02, south + 0.02],
                [west, south + 0.02],
                [west, south],
            ]
            outline = json.dumps({"type": "Polygon", "coordinates": [ring]})
            run(
                "insert into places.boundary (code, level, vintage, outline, drawn, dataset_id)"
                " values (%s, %s, 2019, %s, %s, 900)",
                [code, level, outline, outline],
            )
