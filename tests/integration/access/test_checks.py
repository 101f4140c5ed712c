"""The checks of access pass on a sound installation and each finds its own fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connections
from django.test import override_settings

from commonweal.apps.access import actions, agreements, jobs
from commonweal.apps.access.checks import CHECKS
from commonweal.web import db

from . import build

NATION = "national-decision-maker-e92000001"


@pytest.fixture(autouse=True)
def world(fresh_space: str) -> None:
    build.authorities(E06000016="Leicester")
    actions.invite("minister@nation.example", "Minister", [NATION])


def failing() -> list[str]:
    return [sentence for check in CHECKS for sentence in check.run()]


def test_a_sound_installation_passes() -> None:
    assert failing() == []


def change_a_text() -> None:
    with connections["migrate"].cursor() as cursor:
        cursor.execute("alter table access.agreement disable trigger fact_is_kept")
        cursor.execute("update access.agreement set document = jsonb_set(document, '{notice_days}', '1')")
        cursor.execute("alter table access.agreement enable trigger fact_is_kept")


def authority_without_offices() -> None:
    actions.add_organisation("authority-e06000017", "Rutland", "unitary_authority", "E06000017")


def old_session() -> None:
    with db.transaction("authn") as cursor:
        cursor.execute("insert into authn.session values (%s, 'x', 1, now(), now() - interval '9 days')", ["0" * 64])


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (change_a_text, "agreement public-health-e06000016-1: its text is not the one"),
        (authority_without_offices, "office director-of-public-health-e06000017 does not exist"),
        (old_session, "1 of expired session are kept too long"),
    ],
)
def test_each_fault_is_found(harm: Callable[[], None], sentence: str) -> None:
    assert not [found for found in failing() if sentence in found]
    harm()
    assert [found for found in failing() if sentence in found]


def test_an_authority_without_an_agreement_is_found() -> None:
    actions.add_organisation("authority-e06000018", "Nottingham", "unitary_authority", "E06000018")
    assert "no agreement for E06000018 is offered or in force: commonweal agreements offer E06000018" in failing()
    agreements.offer("E06000018")
    assert not [found for found in failing() if "no agreement for" in found]


def test_a_second_factor_switched_off_is_found() -> None:
    with override_settings(SECOND_FACTOR_REQUIRED=False):
        assert "the second factor is switched off in this space" in failing()


def test_the_nightly_job_ends_what_the_check_found() -> None:
    with db.transaction("authn") as cursor:
        cursor.execute("insert into authn.session values (%s, 'x', 1, now(), now() - interval '9 days')", ["1" * 64])
    assert [found for found in failing() if "expired session" in found]
    assert jobs.end_what_is_over(timestamp=0) >= 1
    assert not [found for found in failing() if "expired session" in found]
