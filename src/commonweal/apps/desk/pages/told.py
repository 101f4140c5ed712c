"""One notice as one office was told it: what, by whom, until when, and everything that happened to it since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonweal.apps.desk.pages import words
from commonweal.core import wording
from commonweal.core.pictures import Column, PictureTable
from commonweal.web import times
from commonweal.web.pages import Link, Page, ShownTable

STATES = {
    "sent": "Sent", "delivered": "Delivered", "failed": "Not delivered", "opened": "Opened",
    "acknowledged": "Acknowledged", "recalled": "Recalled",
}  # fmt: skip
COLUMNS = (
    Column("What", numeric=False),
    Column("When", numeric=False),
    Column("Who", numeric=False),
    Column("As", numeric=False),
    Column("How", numeric=False),
)
STANDING = (Column("Office", numeric=False), Column("How it stands", numeric=False))


@dataclass(frozen=True)
class Told:
    page: Page
    sentence: str
    facts: tuple[tuple[str, str], ...]
    acknowledge: str
    link: str
    act_as: str
    recall: str
    history: ShownTable | None
    standing: ShownTable | None = None


def build(
    row: Mapping[str, Any],
    offices: Sequence[Mapping[str, Any]],
    receipts: Sequence[Mapping[str, Any]],
    now: datetime,
    *,
    may_acknowledge: bool,
    act_as: str,
    is_ours: bool = False,
    may_recall: bool = False,
) -> Told:
    """`row` as `queries.notice`, `offices` as `queries.told_to`; `act_as` is "office|purpose" to open the link. Whoever
    told it (`is_ours`) sees how it stands with each office."""
    done = next((each for each in receipts if each["state"] == "acknowledged"), None)
    recalled = any(each["state"] == "recalled" for each in receipts)
    page = Page(row["subject"], words.HELP, (Link("Today", "/today"), Link(row["subject"], "")))
    told = [("For", row["office"]), ("Told", times.moment(row["told_at"]))]
    if row["teller"]:
        told.append(("By", row["teller"]))
    if row["severity"] < 3:
        told.append(
            ("Acknowledge", wording.upper_first(words.clock(row["acknowledge_by"], now)) if not done else "Done")
        )
    others = [each["title"] for each in offices if each["office_id"] != row["office_id"]]
    several = is_ours and bool(others)
    if not several:
        told.append(("Told in the same moment", wording.joined(others) if others else "nobody else"))
    unread = [each for each in offices if each["state"] not in ("opened", "acknowledged", "recalled")]
    wanted = row["severity"] < 3 and done is None and not recalled
    lines = tuple(_line(each, row["office"], now) for each in receipts)
    return Told(
        page,
        _of_all(offices) if several and row["severity"] < 3 else _sentence(row, done, recalled, now),
        tuple(told),
        f"/told/{row['id']}/{row['office_id']}/acknowledge" if wanted and may_acknowledge else "",
        row["link"],
        act_as,
        f"/told/{row['id']}/recall" if may_recall and unread else "",
        ShownTable(PictureTable("What happened to it", COLUMNS, lines), identity="history") if lines else None,
        _standing(row["id"], offices) if several else None,
    )


def _of_all(offices: Sequence[Mapping[str, Any]]) -> str:
    """How many of those that whoever told them waits for have acknowledged."""
    waited = [each["state"] for each in offices if each["state"] != "recalled"]
    done = wording.thousands(waited.count("acknowledged"))
    recalled = len(offices) - len(waited)
    taken = f" It was recalled for {wording.counted(recalled, 'office', 'offices')}." if recalled else ""
    return f"{done} of {wording.counted(len(waited), 'office', 'offices')} acknowledged this.{taken}"


def _standing(notice: object, offices: Sequence[Mapping[str, Any]]) -> ShownTable:
    """How a notice stands with each office that was told it."""
    rows = tuple((each["title"], STATES.get(each["state"], "On its way")) for each in offices)
    links = tuple(f"/told/{notice}/{each['office_id']}" for each in offices)
    return ShownTable(PictureTable("Who was told", STANDING, rows), links=links, identity="standing")


def _sentence(row: Mapping[str, Any], done: Mapping[str, Any] | None, recalled: bool, now: datetime) -> str:
    if recalled:
        return "This notice was recalled by the office that sent it."
    if done is not None:
        who = words.name_of(done["as_office"], done["capacity"])
        return f"{done['person']} acknowledged this as {who}, {times.when(done['at'], now)}."
    if row["severity"] == 3:
        return "This is for information; there is nothing to acknowledge."
    clock = words.clock(row["acknowledge_by"], now)
    if row["acknowledge_by"] <= now:
        return f"Nobody has acknowledged this yet: it is {clock}."
    return f"Nobody has acknowledged this yet. It is to be acknowledged {clock}."


def _line(row: Mapping[str, Any], office: str, now: datetime) -> tuple[str, ...]:
    how = words.WAYS[row["way"]] + (f": {row['words']}" if row["words"] else "")
    # what was sent or shown was so for the office that was told; who opened or acknowledged acted as one
    as_office = words.name_of(row["as_office"], row["capacity"]) if row["as_office"] else f"for {office}"
    return STATES[row["state"]], times.when(row["at"], now), row["person"] or "", as_office, wording.upper_first(how)
