"""Telling offices of what a sweep opened: local and national ones at once, with names of places and without figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from commonweal.apps.desk import telling
from commonweal.apps.surveillance import signal_reads
from commonweal.apps.surveillance.pages.signal_words import Names
from commonweal.core import wording
from commonweal.core.signals.found import EVENTS, WIDE
from commonweal.core.signals.life import OPENED, REOPENED
from commonweal.core.signals.running import Advanced, Running
from commonweal.web import db

PERMISSION = "judge_signals"
ANSWER_WITHIN = timedelta(days=1)
MOST_NAMED = 3
OFFICES = """
select c.code, array_agg(distinct o.id order by o.id) as offices,
       bool_or(c.code = any (places.resolve_scope(g.area_code))) as local
  from unnest(%s::text[]) as c (code)
  join access.mandate m on c.code = any (places.resolve_scope(m.place_code))
  join access.office o on o.id = m.office_id join access.organisation g on g.id = o.organisation_id
 where %s = any (o.permissions) group by 1 order by 1
"""
RISING = "cases are rising"
EVENT_WORDS = {"definition_break": "what counts as a case has changed", "late_batch": "many old results came at once"}


def tell(write: db.Recorded, sweep: int, signals: Sequence[Running], done: Advanced) -> None:
    """Tell the offices of each authority, once a sweep, what was opened there.

    An authority without an office of its own is told of by its pages from the first day of one; nobody else is before.
    """
    by_number = {signal.number: signal for signal in signals}
    opened = [by_number[number] for number, step in done.changes if step.state in (OPENED, REOPENED)]
    by_place: dict[str, list[Running]] = {}
    for signal in opened:
        for code in signal.scope:
            by_place.setdefault(code, []).append(signal)
    if not by_place:
        return
    names = signal_reads.names_for([_row(signal) for signal in opened])
    now = db.fetch(write.cursor, "select commonweal.now() as now")[0]["now"]
    for row in db.rows("app", OFFICES, [sorted(by_place), PERMISSION]):
        if not row["local"]:
            continue
        code, offices = row["code"], row["offices"]
        some = by_place[code]
        act = any(signal.kind not in EVENTS for signal in some)
        telling.tell(
            write, offices, subject(code, some, names), link(code, some), 2 if act else 3,
            now + ANSWER_WITHIN if act else None, kind="surveillance.signals", places=[code],
            event=f"surveillance.sweep.{sweep}.{code}",
        )  # fmt: skip


def subject(code: str, some: Sequence[Running], names: Names) -> str:
    """'Belgrave, Leicester: cases are rising'.

    Named are authorities and neighbourhoods (thousands of residents), never a setting or a small area; no figures.
    """
    own = names.of(code)
    rising = sorted(
        {place for signal in some if signal.kind in ("rise", "cluster") for place in [_where(code, signal, names)]}
    )
    kinds = sorted({_kind_of_setting(signal) for signal in some if signal.kind == "setting"})
    outbreaks = [f"an outbreak in {kind}" for kind in kinds]
    events = [EVENT_WORDS[kind] for kind in sorted({signal.kind for signal in some} & set(EVENTS))]
    wide = any(signal.steps[-1].level in WIDE for signal in some)
    if len(rising) == 1 and not (wide or outbreaks or events):
        return f"{rising[0]}, {own}: {RISING}" if rising[0] not in ("", own) else f"{own}: {RISING}"
    inside = [place for place in rising if place not in ("", own)]
    said = [_rising_in(inside)] if rising else []
    return f"{own}: {wording.joined([*said, *outbreaks, *events])}"[: telling.LONGEST_SUBJECT]


def link(code: str, some: Sequence[Running]) -> str:
    """The page of the signal, or of all that is open in the authority."""
    return f"/signals/{some[0].number}" if len(some) == 1 else f"/signals?place={code}"


def _rising_in(inside: Sequence[str]) -> str:
    if not inside:
        return RISING
    if len(inside) > MOST_NAMED:
        return f"{RISING} in {', '.join(inside[:MOST_NAMED])} and other places"
    return f"{RISING} in {wording.joined(list(inside))}"


def _where(code: str, signal: Running, names: Names) -> str:
    """The neighbourhood in the authority that holds most of a signal, or the wider place; "" where it has no name."""
    newest = signal.steps[-1]
    if newest.level in WIDE:
        return names.by_code.get(newest.place, "")
    heart = names.neighbourhood_of.get(newest.place, newest.place)
    own = [each for each in signal.members if names.authority_of.get(each) == code]
    around = Counter(names.neighbourhood_of[each] for each in own if each in names.neighbourhood_of)
    if around and heart not in around and names.authority_of.get(newest.place) != code:
        heart = max(sorted(around), key=lambda each: around[each])
    return names.by_code.get(heart, "")


def _kind_of_setting(signal: Running) -> str:
    """'a care home', 'a setting'."""
    kinds = {key[2].partition(":")[0] for key in signal.keys if key[2]}
    return f"a {min(kinds).replace('_', ' ')}" if len(kinds) == 1 else "a setting"


def _row(signal: Running) -> dict[str, object]:
    return {"scope": sorted(signal.scope), "members": sorted(signal.members), "place_code": signal.steps[-1].place}
