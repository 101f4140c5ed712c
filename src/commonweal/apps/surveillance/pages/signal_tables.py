"""The tables of a signal: its history, what each method found, and places alike."""

from __future__ import annotations

from commonweal.apps.surveillance.pages import signal_words as words
from commonweal.apps.surveillance.pages.place_figures import WEEK
from commonweal.apps.surveillance.pages.signal_facts import Facts, Row
from commonweal.core import wording
from commonweal.core.pictures import Column, PictureTable
from commonweal.core.pictures.table import Cell
from commonweal.web import times


def tables(facts: Facts) -> dict[str, PictureTable]:
    """History, findings, places alike."""
    found = {"history": history(facts), "findings": findings(facts), "alike-table": alike_table(facts)}
    return {key: table for key, table in found.items() if table is not None and table.rows}


def history(facts: Facts) -> PictureTable:
    """Every change, the newest first, with the findings that made it."""
    columns = (
        Column("Known at", numeric=False),
        Column("State", numeric=False),
        Column("Place", numeric=False),
        Column("People in its days", absent="not counted"),
        Column("Rate per 100,000 in seven days", decimals=1, absent="not said"),
        Column("What made it", numeric=False),
        Column("Sweep"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            times.moment(each["known_at"]), words.STATES[each["state"]], place_of(each, facts) or "as before",
            each["observed"], each["rate"] or None,
            facts.names.said(" ".join(dict.fromkeys(each["evidence"])))
            or f"nothing found up to {wording.day(each['morning'])}",
            each["sweep_id"],
        )
        for each in reversed(facts.changes)
    )  # fmt: skip
    return PictureTable("Its history, the newest first", columns, rows)


def place_of(change: Row, facts: Facts) -> str:
    """Where a change was; of a setting where it stands."""
    return words.where({**change, "setting_id": facts.row["setting_id"]}, facts.names)


def found_in(finding: Row, facts: Facts) -> str:
    """Where a finding was; of a setting where it stands."""
    if finding["setting_id"]:
        return words.where(finding, facts.names)
    return facts.names.short(finding["place_code"], finding["level"])


def findings(facts: Facts) -> PictureTable:
    """What each method said, the newest first."""
    columns = (
        Column("Morning", numeric=False),
        Column("Method", numeric=False),
        Column("Place", numeric=False),
        Column("Days", numeric=False),
        Column("Seen"),
        Column("Expected", decimals=1, absent="not said"),
        Column("90% from", decimals=1, absent="not said"),
        Column("90% to", decimals=1, absent="not said"),
        Column("How sure", numeric=False, absent="not said by this method"),
        Column("Told", numeric=False),
        Column("In words", numeric=False),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            each["morning"], each["method"].replace("_", " "),
            f"{found_in(each, facts)} ({words.LEVELS[each['level']]})",
            f"{wording.short_day(each['first_day'])} to {wording.short_day(each['last_day'])}",
            each["observed"], each["expected"], each["expected_low"], each["expected_high"],
            words.sureness(each), "held back" if each["held_by"] is not None else "told",
            facts.names.said(each["evidence"]),
        )
        for each in facts.findings
    )  # fmt: skip
    return PictureTable("What each method found, the newest first", columns, rows)


def alike_table(facts: Facts) -> PictureTable | None:
    if len(facts.alike) < 2:
        return None
    columns = (
        Column("Place", numeric=False),
        Column("Seven-day rate", decimals=1),
        Column("A week before", decimals=1),
        Column("People"),
        Column("Residents"),
        Column("Mean deprivation decile", decimals=1),
        Column("60 and over", percent=True),
    )
    rows = tuple(
        (
            each.name, each.rate(WEEK), each.rate(WEEK, WEEK), sum(each.people[-WEEK:]), each.traits.residents,
            each.traits.decile, each.traits.older,
        )
        for each in facts.alike
    )  # fmt: skip
    return PictureTable("This place and those alike, at the same moment", columns, rows)
