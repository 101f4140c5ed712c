"""Who may, and whether now: small answers with a reason and a sentence, apart from each other. Laws by generated cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from commonweal.core.access import policies
from commonweal.core.access.permissions import Answer, Seat, may, may_act_for, may_speak_for
from commonweal.core.access.policies import AgreementState

PERMISSIONS = ["read_counts", "read_records", "accept_agreement", "operate"]
PURPOSES = ["outbreak_control", "audit", "contact_tracing"]
BODIES = ["authority-a", "authority-b", "nation"]
NOW = datetime(2020, 6, 26, tzinfo=UTC)

seats = st.builds(
    Seat,
    appointment_id=st.just("1"),
    person_id=st.just("2"),
    office_id=st.just("office"),
    title=st.just("Director of Public Health, Leicester"),
    organisation_id=st.sampled_from(BODIES),
    permissions=st.frozensets(st.sampled_from(PERMISSIONS)),
    purposes=st.lists(st.sampled_from(PURPOSES), unique=True).map(tuple),
    deputy=st.booleans(),
)
states = st.builds(
    AgreementState,
    state=st.sampled_from(sorted(policies.AGREEMENT_STATES)),
    accepted=st.frozensets(st.sampled_from(BODIES)),
    ending=st.frozensets(st.sampled_from(BODIES)),
)


def well_formed(answer: Answer) -> bool:
    """Allowed says nothing; refused has a reason code and a sentence that ends."""
    if answer.allowed:
        return (answer.reason, answer.sentence) == ("allowed", "")
    return bool(answer.reason) and answer.reason != "allowed" and answer.sentence.endswith((".", "!"))


@given(st.none() | seats, st.sampled_from(PERMISSIONS))
def test_an_office_may_what_it_has_the_permission_for_and_nothing_else(seat: Seat | None, permission: str) -> None:
    answer = may(seat, permission, "do this")
    assert bool(answer) == (seat is not None and permission in seat.permissions)
    assert well_formed(answer)


@given(st.none() | seats, st.sampled_from([*PURPOSES, "marketing"]))
def test_an_office_acts_for_its_own_purposes_only(seat: Seat | None, purpose: str) -> None:
    answer = may_act_for(seat, purpose, PURPOSES)
    assert bool(answer) == (seat is not None and purpose in seat.purposes and purpose in PURPOSES)
    assert well_formed(answer)


@given(st.none() | seats, st.sampled_from(BODIES), st.frozensets(st.sampled_from(BODIES)))
def test_nobody_speaks_for_another_body(seat: Seat | None, body: str, parties: frozenset[str]) -> None:
    answer = may_speak_for(seat, body, parties)
    if answer:
        assert seat is not None
        assert seat.organisation_id == body
        assert body in parties
        assert "accept_agreement" in seat.permissions
    assert well_formed(answer)


@given(seats, st.sampled_from(PERMISSIONS))
def test_taking_a_permission_away_never_allows_more(seat: Seat, permission: str) -> None:
    less = Seat(**{**vars(seat), "permissions": seat.permissions - {permission}})
    assert all(may(seat, p, "do this") or not may(less, p, "do this") for p in PERMISSIONS)


@given(states, st.sampled_from(BODIES), st.text(max_size=5))
def test_what_can_happen_to_an_agreement_depends_on_its_state_alone(
    agreement: AgreementState, body: str, reason: str
) -> None:
    accept, end = policies.can_accept(agreement, body), policies.can_end(agreement, body, reason)
    assert bool(accept) == (agreement.state == "offered" and body not in agreement.accepted and not agreement.ending)
    assert bool(end) == (
        agreement.state in ("offered", "in_force") and body not in agreement.ending and bool(reason.strip())
    )
    assert well_formed(accept)
    assert well_formed(end)


def test_every_state_has_words_and_somebody_who_moves_next() -> None:
    assert set(policies.STATE_WORDS) == set(policies.AGREEMENT_STATES)
    assert all(owner for _, owner in policies.AGREEMENT_STATES.values())


@given(states)
def test_only_an_offered_agreement_waits_and_only_for_those_that_have_not_accepted(agreement: AgreementState) -> None:
    waiting = policies.waiting_for(agreement, BODIES)
    expected = set(BODIES) - agreement.accepted if agreement.state == "offered" else set()
    assert set(waiting) == expected


@given(st.integers(-3, 3), st.none() | st.integers(-3, 3))
def test_an_appointment_counts_from_its_first_instant_until_just_before_its_last(start: int, end: int | None) -> None:
    starts_at = NOW + timedelta(days=start)
    ends_at = None if end is None else NOW + timedelta(days=end)
    counts = policies.appointment_counts(starts_at, ends_at, NOW)
    assert counts == (start <= 0 and (end is None or end > 0))


def test_a_deputy_is_named_as_one() -> None:
    seat = Seat("1", "2", "dph", "Director of Public Health, Leicester", "a", frozenset(), (), deputy=True)
    assert seat.label == "Director of Public Health, Leicester (deputy)"
