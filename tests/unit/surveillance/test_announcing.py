"""The words in which offices are told of signals: the place a reader needs, no figure, no setting."""

from __future__ import annotations

from datetime import date

import pytest

from commonweal.apps.surveillance.announcing import link, subject
from commonweal.apps.surveillance.pages.signal_words import Names
from commonweal.core.signals.running import Running, Step

CITY, COUNTY = "E06000016", "E10000018"
NAMES = Names(
    {CITY: "Leicester", COUNTY: "Leicestershire", "E02A": "Belgrave", "E02B": "Rushey Mead", "E02C": "Evington",
     "E02D": "Knighton", "E02X": "Oadby"},
    {"A1": "E02A", "A2": "E02A", "B1": "E02B", "C1": "E02C", "D1": "E02D", "X1": "E02X", "N1": "E02N"},
    {"A1": CITY, "A2": CITY, "B1": CITY, "C1": CITY, "D1": CITY, "X1": "E07000135", "N1": CITY},
)  # fmt: skip


def running(kind: str, level: str, place: str, members: str = "", number: int = 1, setting: str = "") -> Running:
    signal = Running(number, kind, frozenset({CITY}), frozenset(members.split()))
    signal.keys = frozenset({(level, "" if setting else place, setting)})
    signal.steps = [Step(date(2020, 6, 18), "opened", level, place)]
    return signal


@pytest.mark.parametrize(
    ("some", "said"),
    [
        ([running("cluster", "cluster", "A1", "A1 A2 B1")], "Belgrave, Leicester: cases are rising"),
        ([running("rise", "ltla", CITY)], "Leicester: cases are rising"),
        ([running("rise", "msoa", "E02B", "B1")], "Rushey Mead, Leicester: cases are rising"),
        ([running("rise", "utla", COUNTY)], "Leicester: cases are rising in Leicestershire"),
        ([running("rise", "lsoa", "N1", "N1")], "Leicester: cases are rising"),
        ([running("cluster", "cluster", "X1", "X1 A1 A2 B1")], "Belgrave, Leicester: cases are rising"),
        ([running("setting", "setting", "A1", "A1", setting="care_home:VM1")], "Leicester: an outbreak in a care home"),
        ([running("late_batch", "ltla", CITY)], "Leicester: many old results came at once"),
        (
            [running("cluster", "cluster", "A1", "A1"), running("rise", "lsoa", "B1", "B1", 2),
             running("setting", "setting", "A1", "A1", 3, "school:S1")],
            "Leicester: cases are rising in Belgrave and Rushey Mead and an outbreak in a school",
        ),
        (
            [running("rise", "lsoa", code, code, number) for number, code in enumerate(["A1", "B1", "C1", "D1"])],
            "Leicester: cases are rising in Belgrave, Evington, Knighton and other places",
        ),
    ],
)  # fmt: skip
def test_a_subject_names_the_place_that_a_reader_needs(some: list[Running], said: str) -> None:
    assert subject(CITY, some, NAMES) == said
    assert not any(letter.isdigit() for letter in said)


def test_one_signal_is_led_to_itself_and_several_to_their_list() -> None:
    one = running("rise", "ltla", CITY, number=7)
    assert link(CITY, [one]) == "/signals/7"
    assert link(CITY, [one, running("rise", "lsoa", "A1", number=8)]) == f"/signals?place={CITY}"
