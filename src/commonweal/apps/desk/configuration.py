"""The desk's parameter documents, read once a process: escalation, waking hours, public holidays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from commonweal.core.desk.escalation import Rules, read_rules
from commonweal.core.desk.hours import Waking
from commonweal.core.errors import NotThere, Refused
from commonweal.server import parameters

ESCALATION = "desk/escalation.yaml"


@cache
def _document(name: str) -> Any:
    return yaml.safe_load(parameters.text(name))


@cache
def rules() -> Rules:
    """Severities, steps and waits."""
    return read_rules(parameters.text(ESCALATION), ESCALATION)


@cache
def waking() -> Waking:
    """The hours in which a telephone may ring for what is not urgent."""
    given = _document(ESCALATION)["waking_hours"]
    return Waking(time.fromisoformat(given["start"]), time.fromisoformat(given["stop"]), ZoneInfo(given["zone"]))


def changeover() -> time:
    """The local time at which a duty week begins, on Mondays."""
    return time.fromisoformat(_document(ESCALATION)["rota_changeover"])


def digest_hours() -> tuple[time, ...]:
    """The local times at which digests are written."""
    return tuple(time.fromisoformat(each) for each in _document(ESCALATION)["digest_hours"])


def succession_permissions() -> list[str]:
    """Which offices answer for an organisation that has set no order of its own, by what they may do, in this order."""
    return [str(each) for each in _document(ESCALATION)["succession_permissions"]]


def holidays(until: date) -> frozenset[date]:
    """Public holidays of England. Raises `NotThere` when the calendar ends before `until`."""
    found = _document("calendar/england.yaml")
    if until > found["until"]:
        raise NotThere(
            f"The calendar of public holidays ends on {found['until']}, before {until}. "
            "Add the years to parameters/calendar/england.yaml."
        )
    return frozenset(day for days in found["holidays"].values() for day in days)


@dataclass(frozen=True)
class Job:
    """A kind of work: in which order the sections of Today stand for it, and the parts of its own that rooms fill."""

    id: str
    sections: tuple[str, ...]
    needs: frozenset[str] = frozenset()
    parts: tuple[str, ...] = ()


SECTIONS = ("waiting", "since", "running", "duty", "own")


@cache
def jobs() -> tuple[tuple[Job, ...], Job]:
    """Every job in the order in which they are tried, and that of whoever is on duty."""
    found = _document("desk/jobs.yaml")
    return tuple(_job(each) for each in found["jobs"]), _job(found["on_duty"])


def job_of(permissions: Collection[str], *, on_duty: bool) -> Job:
    """The job of an office with these permissions; for whoever is on duty that of the duty officer, with the parts of
    the office's own after it: in a small authority one person is both."""
    listed, duty = jobs()
    own = next(job for job in listed if job.needs <= set(permissions))
    return replace(duty, parts=tuple(dict.fromkeys((*duty.parts, *own.parts)))) if on_duty else own


def _job(given: dict[str, Any]) -> Job:
    if sorted(given["sections"]) != sorted(SECTIONS):
        raise Refused(f"desk/jobs.yaml: the job {given['id']} must have the sections {', '.join(SECTIONS)}, each once.")
    needs = frozenset(given.get("needs", ()))
    return Job(given["id"], tuple(given["sections"]), needs, tuple(given.get("parts", ())))


def questions() -> tuple[str, ...]:
    """The exercise questions of the weekly brief, in order."""
    return tuple(str(each) for each in _document("desk/questions.yaml")["questions"])
