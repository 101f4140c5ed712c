"""*Place*: the page and its downloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET

from commonweal.apps.access.scope import Actor, scoped_read
from commonweal.apps.intake import area_ground
from commonweal.apps.intake.views import common
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import definitions, happened, place_ground, place_reads, queries
from commonweal.apps.surveillance.pages import place, place_figures, place_pictures
from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.apps.surveillance.pages.place_figures import WEEK, Figures, Subject
from commonweal.apps.surveillance.pages.place_series import Told
from commonweal.apps.surveillance.place_ground import WORDS, Ground, Named
from commonweal.apps.surveillance.place_settings import setting
from commonweal.core import wording
from commonweal.core.errors import NotAllowed, NotThere
from commonweal.core.places import codes
from commonweal.web import asking, files, times
from commonweal.web.pages import Link

QUERY = "place"
AT_PARTS = ("at-day", "at-month", "at-year", "at-time")


@dataclass(frozen=True)
class Read:
    """A place as read: its ground, its figures, the published series, the agreements it was read under."""

    ground: Ground
    figures: Figures
    series: tuple[Told, ...]
    agreements: tuple[str, ...]


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The place as known now, or at the moment in the address or typed into the form."""
    moved = typed(request, f"/places/{code}")
    if moved is not None:
        return moved
    if not common.has(request, "read_counts") and common.has(request, "write_local_knowledge"):
        return HttpResponseRedirect(f"/places/{code}/known")  # what is theirs to read of it, and to write
    common.require(request, "read_counts", "see the figures of a place")
    as_of, pinned = common.as_of(request)
    actor = common.actor(request)
    found = read(actor, code, as_of, exported=False)
    address = Address(f"/places/{code}", "", as_of, pinned)
    rules = setting()
    built = place.build(
        found.figures, found.series, around(actor, found.ground, address), address, rules.method,
        rules.versions, place_reads.feeds_said(as_of),
    )  # fmt: skip
    return render(request, "surveillance/place.html", {"page": built.page, "place": built})


@require_GET
def download(request: HttpRequest, code: str, what: str, form: str) -> HttpResponse:
    """One picture or table of the page as a file, as known at the moment in the address."""
    common.require(request, "export_records", "download what a page shows")
    as_of, _ = common.as_of(request)
    found = read(common.actor(request), code, as_of, exported=True)
    if what == "by-day" and form != "svg":
        return files.of_table(place_pictures.by_day(found.figures), f"{code}-by-day", form, as_of, found.agreements)
    picture = place.parts(found.figures, found.series).get(what)
    if picture is None:
        raise files.nothing_there(what)
    return files.of_picture(picture, form, as_of, found.agreements)


def typed(request: HttpRequest, path: str) -> HttpResponse | None:
    """A redirect to the moment typed into the as-of form, or None where nothing was typed."""
    moment = asking.typed_moment(request)
    if moment is None:
        return None
    changes: dict[str, str | int | None] = {"as_of": times.link_form(moment), **dict.fromkeys(AT_PARTS)}
    return HttpResponseRedirect(f"{path}{asking.with_changed(request, **changes)}")


def read(actor: Actor, code: str, as_of: datetime, *, exported: bool) -> Read:
    """Everything about a place, in one scope at one moment. Raises `NotThere` for a place that the office does not
    read whole: half of a county's people would be a wrong number under the county's name."""
    ground, rules = place_ground.of_place(code), setting()
    today = times.local(as_of).date()
    last = today - timedelta(days=rules.method.complete_after)
    days = (today - timedelta(days=rules.history_days - 1), today)
    try:
        with scoped_read(
            actor, query=QUERY, filters={"place": code}, as_of=as_of, places=list(ground.authorities),
            data_class="L1", exported=exported,
        ) as scope:  # fmt: skip
            if set(scope.codes) != set(ground.authorities):
                raise NotAllowed(f"{ground.name} reaches beyond them")
            happened_to = happened.breaks(scope, ground.authorities, as_of)
            rows = place_reads.counted(scope, ground, days, (last - timedelta(days=WEEK - 1), last), as_of)
    except NotAllowed as refused:
        reason = str(refused).rstrip(".")
        raise NotThere(f"{ground.name} is not among the places that your office reads: {reason}.") from refused
    figures = place_figures.work_out(
        subject(ground), rows.people, rows.tests,
        place_figures.by_group(rows.compared, ground.group_of, ground.group_residents),
        as_of=as_of, today=today, history_days=rules.history_days, shown_days=rules.shown_days, method=rules.method,
    )  # fmt: skip
    series = series_of(code, days[0], as_of)
    if any(told.metric.id == rules.peers_series for told in series):
        figures = replace(figures, published=published(ground.level, last, as_of))
    happened_to += happened.notes(actor, *noted(code, ground), as_of)
    events = happened.within(happened_to, figures.days[0].day, today)
    return Read(ground, replace(figures, events=events), series, scope.agreements)


def noted(code: str, ground: Ground) -> tuple[list[str], dict[str, str]]:
    """The places whose notes stand on the curve of a place: itself and the parts it is told by; names of the parts."""
    parts = {} if code in ground.compared else ground.compared
    return [code, *parts], parts


def published(level: str, last: date, as_of: datetime) -> place_figures.Published | None:
    """Every place of a level by the published daily series, as published and known here at the moment."""
    metric = definitions.metrics().by_id(setting().peers_series)
    today = times.local(as_of).date()
    source = queries.common_source(metric.id, as_of=today, known_at=as_of)
    rows = queries.values(
        metric.id, first=last - timedelta(days=WEEK - 1), last=last, as_of=today, known_at=as_of, source=source
    )
    rows = [row for row in rows if codes.is_level(row["place_code"], level)]
    wanted = sorted({row["place_code"] for row in rows})
    residents = {code: each.n for code, each in places.denominators(wanted, level=level).items()}
    said = f"{metric.source}, {definitions.sources().label_of(source)}" if source else metric.source
    return place_figures.published(rows, last, residents, places.names(wanted), WORDS[level][1], said)


def subject(ground: Ground) -> Subject:
    """What the page says of the place itself."""
    return Subject(
        ground.code, ground.name, ground.word, ground.residents, ground.residents_note,
        ground.compared, WORDS[ground.compared_level][1], ground.compared_in,
    )  # fmt: skip


def series_of(code: str, first: Any, as_of: datetime) -> tuple[Told, ...]:
    """Every published series of the place, as published and known here at the moment, each by one source."""
    defined = {metric.id: metric for metric in definitions.metrics().all}
    found = (
        place_reads.series_told(defined[name], code, first, as_of)
        for name in place_reads.metrics_of(code)
        if name in defined
    )
    return tuple(told for told in found if told is not None)


def around(actor: Actor, ground: Ground, address: Address) -> place.Around:
    """What lies around; a place that another office answers for is named without an address."""
    mine = {each for code in area_ground.mandate(actor) for each in places.resolve_scope(code)}
    made_of = place_ground.authorities_of_all([*ground.within, *ground.inside, *ground.neighbours])

    def links(found: Sequence[Named]) -> tuple[Link, ...]:
        """Where every authority of a place lies in the office's mandate it has an address."""
        return tuple(
            Link(each.name, address.of_place(each.code) if made_of[each] and mine.issuperset(made_of[each]) else "")
            for each in found
        )

    inside = ground.inside[0].level if ground.inside else ground.level
    return place.Around(
        links(ground.within), links(ground.inside), wording.upper_first(WORDS[inside][1]), links(ground.neighbours)
    )
