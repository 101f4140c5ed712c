"""What the small official files of `world` lack: names that people use for neighbourhoods, and square outlines."""

from __future__ import annotations

import json

from commonweal.apps.access import authorities
from commonweal.web import db

NEIGHBOURHOODS = {"E02002803": "Belgrave North West", "E02002810": "Spinney Hill Road", "E02005360": "South Wigston"}


def offices() -> None:
    """What stands from the first day for Leicester."""
    authorities.ensure({"E06000016": "Leicester"}, {"E12000004": "East Midlands"})


def lay() -> None:
    """Names and outlines, as if a file of boundaries had been loaded."""
    with db.recorded("migrate") as write:
        run = write.cursor.execute
        run(
            "insert into places.dataset (id, sha256, layout, family, title, label, edition, row_count, attribution,"
            " tick_id) values (900, sha256('ground'), 'test', 'test', 'Made-up outlines', 'ground', '2019-06-01', 3,"
            " 'Made up.', %s)",
            [write.tick],
        )
        for number, (code, name) in enumerate(NEIGHBOURHOODS.items()):
            run(
                "insert into places.area_now (code, level, vintage, name) values (%s, 'msoa', 2011, %s)"
                " on conflict (code, level) do update set name_people_use = excluded.name",
                [code, name],
            )
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
                " values (%s, 'msoa', 2011, %s, %s, 900)",
                [code, outline, outline],
            )
