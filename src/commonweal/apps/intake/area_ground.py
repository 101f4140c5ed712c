"""What is known of the places of a scope: names, residents, small areas, boundaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from commonweal.apps.intake.pages.area_figures import SmallArea
from commonweal.core.pictures import AreaShape
from commonweal.web import db

NAMES = "select area_code, min(name) as name from access.organisation where area_code = any (%s) group by 1"


@dataclass(frozen=True)
class Ground:
    """The ground of *My area*. ``whole`` says that its groups are authorities, each with a page of its own."""

    name: str
    residents: int = 0
    residents_note: str = "residents"
    areas: Mapping[str, SmallArea] = field(default_factory=dict)
    group_residents: Mapping[str, int] = field(default_factory=dict)
    shapes: tuple[AreaShape, ...] = ()
    whole: bool = False


def of_codes(codes: Sequence[str]) -> Ground:
    """The ground of the authorities with these codes."""
    names = {row["area_code"]: row["name"] for row in db.rows("app", NAMES, [list(codes)])}
    if len(codes) == 1:
        return Ground(names.get(codes[0], codes[0]))
    return Ground(f"{len(codes)} authorities", whole=True)
