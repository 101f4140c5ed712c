"""Finding a place by what people type: a postcode, the beginning of one, or a name."""

from __future__ import annotations

from typing import Any

from commonweal.core.places.postcodes import normalise
from commonweal.web import db


def search(text: str, limit: int = 20) -> list[dict[str, Any]]:
    """Places for the search box: kind ("postcode" or a level), code, name, within.

    A whole postcode answers first; the beginning of one ("LE1", "LE1 1") finds postcodes in use; anything else is
    looked for in names and in names people use, those that begin with it first, larger areas first.
    """
    found = [] if normalise(text) is None else _found_postcodes(normalise(text) or "", 1)
    bare = "".join(text.upper().split())
    if not found and 2 <= len(bare) <= 6 and bare.isalnum() and any(c.isdigit() for c in bare):
        found = _found_postcodes(bare, limit)
    return found or _found_names(text.strip(), limit)


def _found_postcodes(start: str, limit: int) -> list[dict[str, Any]]:
    # Letters and digits only, so that the range holds under any collation and the key's index serves it.
    return db.rows(
        "app",
        "select 'postcode' as kind, p.pcd as code, p.pcds as name, coalesce(a.name_people_use, a.name) as within"
        "  from places.postcode_current p left join places.area_now a on a.code = p.msoa_code and a.level = 'msoa'"
        " where p.pcd >= %s and p.pcd <= %s || 'ZZZZZZ' and (not p.terminated or p.pcd = %s) order by p.pcd limit %s",
        [start, start, start, limit],
    )


def _found_names(text: str, limit: int) -> list[dict[str, Any]]:
    if len(text) < 2:
        return []
    pattern = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return db.rows(
        "app",
        """
        select a.level as kind, a.code, coalesce(a.name_people_use, a.name) as name,
               case when a.level = 'msoa' then coalesce(w.name, s.scope_code) end as within
          from places.area_now a
          left join lateral (select scope_code from places.lsoa_scope where msoa_code = a.code limit 1) s on true
          left join places.area_now w on w.code = s.scope_code and w.level = 'ltla'
         where (a.name ilike %(any)s or a.name_people_use ilike %(any)s)
           and not (a.level = 'utla'
                    and exists (select from places.area_now x where x.code = a.code and x.level = 'ltla'))
         order by not coalesce(a.name_people_use ilike %(start)s or a.name ilike %(start)s, false),
                  array_position(array['country', 'region', 'utla', 'ltla', 'ward', 'msoa', 'lsoa', 'oa'], a.level),
                  name, a.code
         limit %(limit)s
        """,
        {"any": f"%{pattern}%", "start": f"{pattern}%", "limit": limit},
    )
