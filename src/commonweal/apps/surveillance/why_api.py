"""Why a place is rising, for programs: any place and two windows, as the page says it."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from commonweal.apps.intake.pull_api import REFUSALS
from commonweal.apps.surveillance import api, why_asking
from commonweal.apps.surveillance.views import why as page

router = Router(tags=["surveillance"])
# read as the page reads them, so that both refuse the same with the same words
ASKED = [
    {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": said}
    for name, said in (
        ("last", "last day of the later window, for example 2020-06-29; the last complete day if left out"),
        ("days", "days of each window: 7, 14, 21 or 28"),
        ("against", "last day of the window before; the day before the later window if left out"),
        ("by", "days are those of swab or of report"),
    )
]


class PartOfChange(Schema):
    """Cases of the change with one cause or value, with 95% limits; `share` of the change, null where nothing changed.
    `before`, `after`: the cases of each window; null for testing, which has none of its own."""

    name: str
    before: float | None
    after: float | None
    cases: float
    lower: float
    upper: float
    share: float | None


class ByField(Schema):
    """The change by one attribute; its parts add up to it. `completeness`: share of later cases with it known."""

    name: str
    completeness: float
    parts: list[PartOfChange]


class InCommon(Schema):
    """A workplace, care home or school in common, and the number of cases expected there."""

    name: str
    kind: str
    before: int
    after: int
    expected: float
    adjusted_p: float


class Tested(Schema):
    """All of the change that is not testing, tests of both windows, and the share of them that was positive."""

    spread: PartOfChange
    tests: tuple[float, float]
    positivity: tuple[float, float]


class Label(Schema):
    """The likeliest cause; `cannot_tell` with its reason."""

    name: str
    reason: str


class Result(Schema):
    """An explanation: `parts` add up to `change`."""

    change: PartOfChange
    parts: list[PartOfChange]
    testing: Tested | None
    tables: list[ByField]
    places: list[InCommon]
    completeness: dict[str, float]
    label: Label


class WhyRising(Schema):
    """Why the cases of a place changed between two windows. `result` is null without a case in the later one; `heard`
    says of each window whether any result is known at all, negative ones included. `with_addresses`: whether who lives
    together was looked at; where not, it is part of the spread and has no completeness."""

    code: str
    name: str
    level: str
    first: date
    last: date
    against_first: date
    against: date
    by: str
    from_counts: bool
    with_addresses: bool
    heard: tuple[bool, bool]
    sentences: list[str]
    result: Result | None
    as_of: datetime
    agreements: list[str]


@router.get(
    "/places/{code}/why", auth=api.AUTH, response={200: WhyRising, **REFUSALS}, openapi_extra={"parameters": ASKED}
)
def why(request: HttpRequest, code: str, as_of: str = "") -> HttpResponse:
    """Why a place is rising: the fortnight to the last complete day against the one before, or `days` (7, 14, 21, 28)
    to `last` against as many to `against`; `by` is `swab` or `report`. From records where the office reads them, else
    from counts; addresses are not opened for programs."""
    moment, actor = api.at(as_of), api.actor(request)
    where, span = why_asking.place_of(code), page.span(request, moment)
    question = why_asking.question_of(actor, where, span, moment, addresses=False, by_report=page.by_report(request))
    values = why_asking.as_values(question, question.answered(), pinned=bool(as_of))
    return api.answer(request, WhyRising.model_validate(values))
