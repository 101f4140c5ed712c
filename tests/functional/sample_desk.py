"""Made-up days at the desk of Fernleigh, and what people know there: *Today*, *Talk*, *Why late?*, a signal's judgements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from commonweal.apps.desk import configuration
from commonweal.apps.desk.pages import talk, today
from commonweal.apps.desk.waiting import Open, Running
from commonweal.apps.surveillance.pages import known
from commonweal.web.forms import NOTHING, Sent

from . import sample_area

NOW = sample_area.AS_OF
ME = UUID("00000000-0000-4000-8000-000000000001")
OTHER = UUID("00000000-0000-4000-8000-000000000002")
DIRECTOR = "Director of Public Health, Fernleigh"
DUTY = "National duty officer"
NOTICE = UUID("00000000-0000-4000-8000-000000000009")
MINUTES = 10.0
OWN = [
    today.Own(
        "Signals", ("2 signals go on.", "Cluster in Kiln Steps: growing.", "A rise in Mill End: new."), "/signals"
    )
]


def today_page(*, empty: bool = False) -> dict[str, Any]:
    waits = [
        Open("a", "dph", DIRECTOR, "Fernleigh: an outbreak in a care home", "/signals/3", NOW - timedelta(hours=5),
             NOW - timedelta(hours=1), 1, "surveillance.signals", NOTICE, "dph"),
        Open("b", "dph", DIRECTOR, "An employer told us something about Kiln Steps", "/known/notes/4",
             NOW - timedelta(hours=2), NOW + timedelta(hours=20), 2, "surveillance.told_us"),
    ]  # fmt: skip
    news = [{"subject": "Signal 1: the same as another signal", "at": NOW - timedelta(hours=3), "person": None,
             "id": NOTICE, "office_id": "dph", "office": DIRECTOR, "capacity": "holder"}]  # fmt: skip
    duty = [{"organisation": "Fernleigh", "person": "A. Khan", "phone": "01632 960001", "person_id": ME,
             "ends_at": NOW + timedelta(days=2), "until": NOW + timedelta(days=2)}]  # fmt: skip
    owed = [
        Running("c", "How many schools are open?", "/talk/7", "Head teacher of Mill School", NOW + timedelta(hours=4))
    ]
    job = configuration.job_of(["release_evidence", "record_position"], on_duty=False)
    built = today.build(
        job, [] if empty else waits, [] if empty else news, [] if empty else owed, duty, NOW - timedelta(days=1),
        [] if empty else OWN, NOW, many_offices=True,
    )  # fmt: skip
    return {"page": built.page, "today": built}


def said(number: int, words: str, **changes: Any) -> dict[str, Any]:
    made = {
        "id": number, "pin": "/my-area", "words": words, "office": DIRECTOR, "person": "A. Khan", "person_id": ME,
        "office_id": "dph", "in_reply_to": None, "corrects": None, "owner": None, "owner_office": None, "due_at": None,
        "said_at": NOW - timedelta(minutes=4), "answered": False, "place_codes": ["E06000016"],
    }  # fmt: skip
    return {**made, **changes}


def talk_page() -> dict[str, Any]:
    rows = [
        said(3, "They are both closed.", in_reply_to=2, person_id=OTHER, person="J. Smith", office=DUTY),
        said(2, "Which schools are closed?", owner=DIRECTOR, owner_office="dph", due_at=NOW + timedelta(hours=3)),
        said(1, "The market is closed on Saturday.", said_at=NOW - timedelta(hours=2)),
    ]
    form = talk.Form("/my-area#curve", "My area, one of its figures", "", (), (("dph", DIRECTOR), ("duty", DUTY)), {})
    built = talk.listed(rows, {"/my-area": "My area"}, form, ME, NOW, MINUTES)
    return {"page": built.page, "talk": built}


def missed_page() -> dict[str, Any]:
    made = {
        "office": DIRECTOR,
        "organisation_id": "fernleigh",
        "reason_by": None,
        "given_at": None,
        "reason": None,
        "link": "/signals/1",
    }
    due = {"due_at": NOW - timedelta(days=3), "reason_due_at": NOW - timedelta(days=1)}
    rows = [
        {**made, **due, "id": 2, "subject": "Fernleigh: a cluster"},
        {**made, **due, "id": 1, "subject": "Fernleigh: a rise", "reason": "Two of us were ill.", "reason_by": DIRECTOR,
         "given_at": NOW - timedelta(days=2)},
    ]  # fmt: skip
    built = talk.missed(rows, "fernleigh", NOW)
    return {"page": built.page, "missed": built, "sent": NOTHING}


def note(number: int, words: str, **changes: Any) -> dict[str, Any]:
    made = {
        "id": number, "words": words, "place_code": sample_area.SHAPES[3].code, "setting_name": None, "first_day": None,
        "last_day": None, "signal": 1, "visibility": "offices", "office": DIRECTOR, "office_id": "dph", "person_id": ME,
        "told_by": None, "said_at": NOW - timedelta(minutes=3), "due_at": None, "outcome": None, "answer": None,
        "answered_by": None, "answered_at": None, "recalled_at": None, "corrects": None, "corrected_by": None,
        "language": None, "hidden_at": None, "hidden_by": None, "hidden_reason": None, "hidden_by_office": None,
        "hidden_by_person": None, "narrowed_at": None,
    }  # fmt: skip
    return {**made, **changes}


def judgement(number: int, verdict: str, reason: str, **changes: Any) -> dict[str, Any]:
    made = {
        "id": number, "signal": 1, "merged_into": None, "verdict": verdict, "reason": reason, "office": DIRECTOR,
        "office_id": "dph", "person": "A. Khan", "person_id": ME, "at": NOW - timedelta(hours=2), "recalled_at": None,
        "other_is_seen": False,
    }  # fmt: skip
    return {**made, **changes}


REFUSED = Sent(
    "note",
    "'Tuesday' is no day; write it like 2020-06-29.",
    "note-first",
    {"words": "The unit moved.", "first": "Tuesday"},
)


def known_page() -> dict[str, Any]:
    """A signal that was merged, of which a merge was undone, and with notes of every kind."""
    names = {shape.code: shape.name for shape in sample_area.SHAPES}
    merge = {"merged_into": 3, "other_is_seen": True}
    judged = [
        judgement(1, "confirm", "The nurse of the works says the same."),
        judgement(
            2, "merge", "One street.", **merge, recalled_at=NOW - timedelta(hours=1), person="J. Smith", office=DUTY
        ),
        judgement(3, "merge", "One works, two signals.", **merge, at=NOW - timedelta(minutes=3)),
    ]
    told = {"office": None, "office_id": None, "person_id": None, "told_by": "employer", "signal": None}
    notes = [
        note(5, "", recalled_at=NOW - timedelta(minutes=1)),
        note(6, "فیکٹری کھلی رہی۔", **told, due_at=NOW + timedelta(hours=21), language="ur"),
        note(4, "The canteen stayed open.", **told, due_at=NOW + timedelta(hours=20)),
        note(3, "The unit opens at ten.", corrects=2),
        note(2, "The unit opens at nine.", corrected_by=3, setting_name="The mosque"),
    ]
    evidence = [
        {
            "number": 1,
            "side": "for",
            "words": "Thirty of forty work there.",
            "office": DIRECTOR,
            "figure": "/my-area",
            "note": None,
        }
    ]
    supposed = [{"id": 1, "statement": "The changing room at the works.", "office": DIRECTOR, "evidence": evidence}]
    built = known.build(
        "Signal 1: Cluster in Kiln Steps", sample_area.SHAPES[3].code, 1, notes, supposed, judged, names, NOW, ME, MINUTES,
        may_write=True, may_judge=True, sent=REFUSED,
    )  # fmt: skip
    return {"page": built.page, "known": built}


def note_page() -> dict[str, Any]:
    names = {shape.code: shape.name for shape in sample_area.SHAPES}
    built = known.one(note(2, "The unit opens at nine."), names, NOW, ME, "dph", MINUTES, may_write=True, may_hide=True)
    return {"page": built.page, "one": built}


def told_page() -> dict[str, Any]:
    row = {"said_at": NOW - timedelta(days=1), "due_at": NOW + timedelta(hours=4), "outcome": "acted_on",
           "answer": "An officer went there.", "office": DIRECTOR, "answered_at": NOW - timedelta(hours=1),
           "hidden": "Hidden by the director of public health on 4 July: it names a person."}  # fmt: skip
    built = known.outcome("ABCDE23456", row, "Kiln Steps", NOW)
    return {"page": built.page, "told": built}
