"""Everything that is known of one signal at one instant, as one document with a checksum: what a pack embeds.

The document says what was found and on what, what was made of it, and by which versions; it names offices, not the
persons who acted for them, and nobody who was tested or who told us. Whoever reads the same places gets the same bytes:
local and national alike, today and later, but for words of notes that were hidden since: those are hidden in what is
given out of the past too. Facts are read as known at the instant. Which small areas a place is made of, and how many
live there, are those of the files of places in force, of which the document gives the number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonweal import __version__
from commonweal.apps.access.scope import Actor, Scope, scoped_read
from commonweal.apps.places import queries as places
from commonweal.apps.surveillance import api as words
from commonweal.apps.surveillance import known, known_api, signal_reads, why_explaining, why_keeping
from commonweal.apps.surveillance import signals as reads
from commonweal.apps.surveillance.pages import signal_words
from commonweal.apps.surveillance.pages.place_figures import Figures
from commonweal.apps.surveillance.place_ground import Ground
from commonweal.apps.surveillance.place_settings import setting
from commonweal.apps.surveillance.views import place as place_view
from commonweal.apps.surveillance.views import signal as signal_view
from commonweal.core.errors import NotThere
from commonweal.core.signals.evidence import KIND, VERSION, Evidence, evidence
from commonweal.core.signals.why_plain import to_plain

QUERY = "evidence of a signal"
ALL = 1_000_000
FEEDS = """
select f.name, max(t.known_at) as newest from intake.submission s join intake.feed f on f.name = s.feed
  join ledger.tick t on t.id = s.tick_id where t.known_at <= %(as_of)s group by 1 order by 1
"""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Given:
    """A document of evidence, and the agreements under which it was read: they are the reader's, not the evidence's."""

    evidence: Evidence
    agreements: tuple[str, ...]


def of_signal(actor: Actor, number: int, as_of: datetime) -> Given:
    """The evidence of a signal as known at an instant (`db.freeze()` or earlier), entered as an export.

    Raises `NotThere` for a signal that the office does not see, or that was none at that instant; `NotAllowed` where
    office, purpose or agreement lack.
    """
    with scoped_read(
        actor, query=QUERY, filters={"signal": number}, as_of=as_of, data_class="L1", exported=True
    ) as scope:
        row = reads.signal(scope, number, as_of=as_of)
        if row is None:
            raise NotThere(f"There is no signal {number} among the places that your office reads. See /signals.")
        changes = reads.changes(scope, number, as_of=as_of)
        findings = reads.findings(scope, signal=number, as_of=as_of, limit=ALL)
        names = signal_reads.names_for([row, *changes, *findings])
        mine = tuple(sorted(code for code in row["scope"] if code in scope.codes))
        ground, whole = signal_view.of_signal(row, names, mine)
        figures = None if ground is None else signal_view.counted(scope, ground, as_of)
        sources = _sources(scope, row, [*changes, *findings], as_of)
    document = {
        "kind": KIND, "version": VERSION, "as_of": as_of,
        "read": {"authorities": mine, "whole": whole},
        "made_by": {"code": __version__, "page_of_a_place": setting().versions,
                    "why": why_explaining.setting().version, "files_of_places": places.newest_dataset()},
        "sources": sources,
        "signal": words.told(row, names),
        "changes": [words.change(each) for each in changes],
        "findings": [words.finding(each) for each in sorted(findings, key=lambda each: each["id"])],
        "figures": _figures(ground, figures, as_of),
        "why": _why(actor, row, mine, as_of, signal_words.where(row, names)),
        **_said(actor, number, as_of),
    }  # fmt: skip
    return Given(evidence(document), scope.agreements)


def _sources(scope: Scope, row: Row, told: Sequence[Row], as_of: datetime) -> dict[str, Any]:
    """The sweeps that told of it and what they ran on, and how new the data of each feed were."""
    numbers = sorted({row["sweep_id"], *(each["sweep_id"] for each in told)})
    same = ("source", "as_of", "morning", "touched", "code_version", "parameters_version", "budget", "known_at")
    sweeps = [{"number": number, **{name: swept[name] for name in same}}
              for number in numbers if (swept := reads.sweep(number)) is not None]  # fmt: skip
    feeds = [{"feed": each["name"], "newest": each["newest"]} for each in scope.rows(FEEDS, {"as_of": as_of})]
    return {"sweeps": sweeps, "feeds": feeds}


def _figures(ground: Ground | None, figures: Figures | None, as_of: datetime) -> dict[str, Any] | None:
    """Counts by day with what is still to come, the week's rate with its interval, and what others published."""
    if ground is None or figures is None:
        return None
    series = place_view.series_of(ground.code, figures.days[0].day, as_of) if ground.code and figures.days else ()
    return {
        "place": {"code": ground.code, "name": ground.name, "level": ground.level, "small_areas": ground.small,
                  "authorities": ground.authorities, "residents": ground.residents, "counted": ground.residents_note},
        "complete_to": figures.last,
        "people_in_week": figures.trend.this, "people_in_week_before": figures.trend.before,
        "rate_per_100000": figures.rate, "direction": figures.trend.direction,
        "why_no_forecast": figures.why_no_forecast, "days": words.by_day(figures),
        "published": [
            {"metric": told.metric.id, "unit": told.metric.unit, "source": told.metric.source, "said_by": told.source,
             "not_drawn": list(told.others),
             "values": [{name: each[name] for name in ("day", "low", "high", "published")} for each in told.rows]}
            for told in series
        ],
    }  # fmt: skip


def _why(actor: Actor, row: Row, mine: tuple[str, ...], as_of: datetime, name: str) -> dict[str, Any] | None:
    """What was worked out by then; nothing is worked out for the sake of the document."""
    kept = why_keeping.of_signal(actor, row, mine, as_of, name=name, records=False, addresses=False)
    if kept is None:
        return None
    return {
        "place": kept.place, "last_day": kept.span.last, "days": kept.span.days, "against": kept.span.against,
        "as_of": kept.as_of, "with_addresses": kept.with_addresses, "office": kept.office, "result": to_plain(kept.why),
    }  # fmt: skip


def _said(actor: Actor, number: int, as_of: datetime) -> dict[str, Any]:
    """Notes by who may read them, hypotheses and judgements, the first one first."""
    notes = known_api.notes_of(known.notes(actor, None, number, as_of=as_of, limit=ALL))
    notes.sort(key=lambda each: int(each["number"]))
    judged = known.judgements(actor, number, as_of=as_of)
    supposed = known.hypotheses(actor, None, number, as_of=as_of)
    return {
        "notes": {
            level: [each for each in notes if each["visibility"] == level] for level in sorted(known.VISIBILITIES)
        },
        "hypotheses": [known_api.hypothesis(each) for each in sorted(supposed, key=lambda each: int(each["id"]))],
        "judgements": [
            {name: value for name, value in known_api.judgement(each, number).items() if name != "person"}
            for each in judged
        ],
        "merged_with": known.merged_with(judged, number),
    }
