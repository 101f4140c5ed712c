"""What leaves the house by telephone fits one SMS, on one line, in letters that every telephone knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.desk import messages
from commonweal.core.desk.messages import GSM, ONE_SMS, outgoing, plain, short

NOW = datetime(2026, 9, 23, 8, 0, tzinfo=UTC)
ADDRESS = "https://commonweal.leicester.gov.uk/n/1234567"


def test_a_long_office_keeps_hour_and_address() -> None:
    name = "Director of Public Health and Wellbeing, Bournemouth, Christchurch and Poole Combined Authority"
    due = NOW + timedelta(days=7, hours=1)
    text = short(name, due, NOW, ADDRESS, urgent=True, stands_in="duty officer").text
    assert len(text) <= ONE_SMS
    assert text.startswith("Urgent: something for Director of Public Health and Wellb")
    assert ".., open by 9am on Wednesday 30 September. https://" in text


def test_why_somebody_stands_in_is_said_where_there_is_room() -> None:
    assert (
        "You are told as deputy." in short("Leader, Rutland", None, NOW, ADDRESS, urgent=False, stands_in="deputy").text
    )
    assert "told as next in line." in short("Leader", None, NOW, ADDRESS, urgent=True, stands_in="succession").text
    assert "You are told" not in short("L" * 90, None, NOW, ADDRESS, urgent=False, stands_in="deputy").text


@pytest.mark.parametrize(
    ("name", "said"),
    [("Cyngor Môn", "Cyngor Mon"), ("Swyddfa’r Maer – Tŷ", "Swyddfa'r Maer - Ty"), ("市長", "??"), ("café", "café")],
)
def test_letters_that_would_cost_more_are_said_in_others(name: str, said: str) -> None:
    assert plain(name) == said


@given(
    st.text(min_size=1, max_size=200),
    st.one_of(st.none(), st.integers(1, 2000)),
    st.booleans(),
    st.sampled_from(["", "deputy", "duty officer", "succession"]),
)
def test_whatever_an_office_is_called_it_is_one_sms_on_one_line(
    name: str, hours: int | None, urgent: bool, stands_in: str
) -> None:
    due = None if hours is None else NOW + timedelta(hours=hours)
    said = short(name, due, NOW, ADDRESS, urgent=urgent, stands_in=stands_in)
    assert len(said.text) <= ONE_SMS
    assert set(said.text) <= GSM - {"\r", "\n"}
    assert said.text.endswith(ADDRESS)
    mail = outgoing(name, due, NOW, ADDRESS, urgent=urgent, stands_in=stands_in)
    assert len(f"{mail.subject}\n{mail.text}".splitlines()) == 2, "no name makes a line, in a header least of all"


def test_the_letters_of_an_sms_are_those_of_the_standard() -> None:
    assert len(messages.GSM) == 127, "128 places of which one leads to the second table"
