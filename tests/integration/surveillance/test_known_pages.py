"""What people know, page by page: told by a stranger, answered by an office, read by reference; notes, causes, judgements."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from commonweal.apps.access import actions
from commonweal.apps.surveillance import social
from commonweal.apps.surveillance.pages import known as page_of
from commonweal.core.errors import Refused
from commonweal.web import db

from . import outbreak, written

TOLD = {
    "postcode": "LE1 1AA",
    "words": "The foundry's canteen stayed open.",
    "setting": "The foundry",
    "told_by": "employer",
}


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> None:
    outbreak.lay()
    with db.recorded("engine") as write:
        sweep = written.sweep(write)
        for number, scope in ((1, [outbreak.CITY]), (2, [outbreak.DISTRICT])):
            written.signal(write, number, sweep)
            written.change(write, number, 1, "opened", scope, sweep)


@pytest.fixture(autouse=True)
def no_limit() -> None:
    cache.clear()


@pytest.fixture
def director() -> Client:
    return outbreak.browser(outbreak.DIRECTOR, outbreak.OFFICE)


@pytest.fixture
def analyst() -> Client:
    return outbreak.browser(*outbreak.ANALYSTS[1])


def text(answer: Any, status: int = 200) -> str:
    body: str = answer.content.decode()
    assert answer.status_code == status, body[-3000:]
    return body


def tell(**changes: str) -> Any:
    return Client(SERVER_NAME="localhost").post("/tell-us", {**TOLD, **changes})


def test_a_stranger_tells_an_office_answers_and_the_reference_shows_it(director: Client) -> None:
    assert "Write nothing about anybody" in text(Client(SERVER_NAME="localhost").get("/tell-us"))
    page = tell(email="owner@foundry.example").headers["Location"]
    assert re.fullmatch("/tell-us/[A-HJ-NP-Z2-9]{10}", page)
    stranger = Client(SERVER_NAME="localhost")
    before = text(stranger.get(page))
    assert "It will be answered by" in before
    assert "canteen" not in before, "a reference that is found shows nothing of what was told"
    assert "An employer told us something about Belgrave North West" in text(director.get("/today"))
    known = text(director.get(f"/places/{outbreak.NEIGHBOURHOOD}/known"))
    assert "canteen stayed open" in known
    assert "1 note waits for an answer" in known
    number = re.search(r"/known/notes/(\d+)", known).group(1)  # type: ignore[union-attr]
    sent = director.post(f"/known/notes/{number}/answer", {"outcome": "acted_on", "words": "An officer went there."})
    assert sent.status_code == 302
    after = text(stranger.get(page))
    assert "Something was done about it." in after
    assert "An officer went there." in after
    again = director.post(f"/known/notes/{number}/answer", {"outcome": "acted_on", "words": "Once more."})
    assert "answered already" in text(again, 400)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"words": "Her number is 943 476 5919."}, "an NHS number"),
        ({"words": "Mrs Patel tested positive at the school."}, "the name of somebody"),
        ({"words": "I have symptoms and was told to come in."}, "the illness of one person"),
        ({"setting": "The foundry, ask 943 476 5919"}, "an NHS number"),
        ({"words": ""}, "Fill in"),
        ({"postcode": "ZZ9 9ZZ"}, "is no postcode that this service knows"),
        ({"told_by": "nobody"}, "nobody"),
        ({"email": "not an address"}, "email address"),
        ({"first-day": "2", "first-month": "6", "first-year": "2020", "last-day": "1", "last-month": "6", "last-year": "2020"}, "before the first"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_comes_back_with_its_reason(changes: dict[str, str], said: str) -> None:
    page = text(tell(**changes), 400)
    assert "There is a problem" in page
    assert said in page
    assert "The foundry" in page, "what was typed is still there"


def test_a_button_pressed_twice_tells_once(director: Client) -> None:
    once = re.search(r'name="once" value="([^"]+)"', text(Client(SERVER_NAME="localhost").get("/tell-us"))).group(1)  # type: ignore[union-attr]
    rows = "select count(*) from surveillance.note where words like 'The yard was open%%'"
    pages = {tell(words="The yard was open.", once=once).headers["Location"] for _ in range(7)}
    assert len(pages) == 1
    assert db.value("backup", rows) == 1
    other = tell(words="The yard was open. And the hall.", once=once).headers["Location"]
    assert other not in pages, "other words by the same form are something else that was told"
    assert db.value("backup", rows) == 2
    cache.clear()
    for short in ("", "x"):
        assert len({tell(words="The yard was open, too.", once=short).headers["Location"] for _ in range(2)}) == 2


def test_the_same_form_at_the_same_moment_is_one_note() -> None:
    from django.db import connections

    once, ready, found = "a-sign-of-this-form-0001", threading.Barrier(3), []

    def send() -> None:
        ready.wait()
        try:
            found.append(tell(words="The depot kept open.", once=once).headers.get("Location"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(found)) == 1, found
    assert found[0]
    assert db.value("backup", "select count(*) from surveillance.note where words = 'The depot kept open.'") == 1


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("The \u202egate\u202c was open.\r\nStill.", "The gate was open.\nStill."),
        (
            "\u06a9\u0627\u0631\u062e\u0627\u0646\u06c1 \u06a9\u06be\u0644\u0627 \u06c1\u06d2",
            "\u06a9\u0627\u0631\u062e\u0627\u0646\u06c1 \u06a9\u06be\u0644\u0627 \u06c1\u06d2",
        ),
        ("\U0001f3ed open \U0001f637", "\U0001f3ed open \U0001f637"),
        ("<script>alert(1)</script> 'x' & \"y\"", "<script>alert(1)</script> 'x' & \"y\""),
        ("a\r\n" * 1000, "\n".join("a" * 1000)),
    ],
)
def test_words_of_any_script_are_kept_as_they_were_meant(words: str, kept: str, director: Client) -> None:
    answer = tell(words=words)
    assert answer.status_code == 302, text(answer, 400)
    assert db.value("backup", "select words from surveillance.note order by id desc limit 1") == kept
    page = text(director.get(f"/places/{outbreak.NEIGHBOURHOOD}/known"))
    assert "<script>alert" not in page


@pytest.mark.parametrize("words", ["x" * 2001, "\u202e\u200b", "...", "\n\n", "x\n" * 1001 + "x"])
def test_too_much_and_nothing_are_refused_in_words(words: str) -> None:
    page = text(tell(words=words), 400)
    assert "There is a problem" in page
    assert db.value("backup", "select count(*) from surveillance.note where words = %s", [words]) == 0


def test_more_than_five_an_hour_from_one_address_are_refused() -> None:
    answers = [tell(words=f"The hall was full, {number}.").status_code for number in range(6)]
    assert answers == [302] * 5 + [400]


def test_words_that_had_to_be_mended_do_not_use_up_what_somebody_may_tell() -> None:
    for _ in range(7):
        page = text(tell(words="Mrs Patel tested positive."), 400)
        assert "take it out and send the rest" in page
        assert "<title>Error: " in page
        assert 'href="#id_words"' in page, "the summary leads to the box"
    sent = tell(words="The school's hall was full.", postcode="le1 1aa")
    assert sent.status_code == 302


def test_what_is_told_in_another_language_is_kept_as_written_and_its_language_is_said(director: Client) -> None:
    stranger = Client(SERVER_NAME="localhost")
    form = text(stranger.get("/tell-us?language=ur"))
    assert '<option value="ur" selected>اردو (Urdu)</option>' in form
    assert 'lang="ur" dir="rtl" aria-current="true">اردو</a>' in form
    assert re.search(r'<textarea[^>]* dir="auto"', form)
    assert "no translation of them has been checked by a speaker yet" in form
    words = "کارخانہ رات کو بھی کھلا رہا۔"
    assert tell(words=words, language="ur").status_code == 302
    waits = text(director.get("/today"))
    assert "told us something about" in waits
    number = max(int(each) for each in re.findall("/known/notes/([0-9]+)", waits))
    page = text(director.get(f"/known/notes/{number}"))
    assert f'lang="ur" dir="auto">{words}</p>' in page
    assert "Language: اردو (Urdu)." in page
    assert "looked for in English words only" in page
    assert "looked for in English words only" not in text(director.get(f"/known/notes/{number - 1}"))
    told = director.get("/api/v1/notes").json()["items"]
    assert next(each for each in told if each["number"] == number)["language"] == "ur"
    assert "Select a valid choice. tlh" in text(tell(language="tlh"), 400)
    assert "none of the languages" in text(stranger.get("/tell-us?language=zz"), 400)


def test_what_is_late_is_said_to_whoever_told_us() -> None:
    due = datetime(2020, 6, 2, 9, tzinfo=UTC)
    row = {"said_at": due - timedelta(days=1), "due_at": due, "outcome": None, "hidden": None}
    for now, words in ((due, "It will be answered by"), (due + timedelta(days=1), "is late: it stands as overdue")):
        assert words in page_of.outcome("AAAAABBBBB", row, "Belgrave", now).sentences[1]


def test_a_wrong_reference_finds_nothing() -> None:
    stranger = Client(SERVER_NAME="localhost")
    assert "nothing under this reference" in text(stranger.get("/tell-us/AAAAAAAAAA"), 404)
    assert stranger.get("/tell-us?reference=aaaaa-aaaaa").headers["Location"] == "/tell-us/AAAAAAAAAA"


def test_notes_causes_and_evidence_of_a_place(director: Client, analyst: Client) -> None:
    place = {"place": outbreak.NEIGHBOURHOOD}
    note = director.post("/known/notes", {**place, "words": "A unit opened at the mosque.", "first": "2020-06-12"})
    number = note.headers["Location"].rsplit("/", 1)[1]
    assert "A unit opened at the mosque." in text(director.get(note.headers["Location"]))
    supposed = director.post("/known/hypotheses", {**place, "statement": "More testing finds more."})
    cause = supposed.headers["Location"].rsplit("-", 1)[1]
    for side, words in (("for", "The unit opened that week."), ("against", "Positivity rose.")):
        director.post(f"/known/hypotheses/{cause}/evidence", {**place, "side": side, "words": words, "note": number})
    for client in (director, analyst):
        page = text(client.get(f"/places/{outbreak.NEIGHBOURHOOD}/known"))
        assert page.index("Speaks for it") < page.index("The unit opened that week.") < page.index("Speaks against it")
        assert page.index("Speaks against it") < page.index("Positivity rose.")
    assert "Write down what you know" not in text(analyst.get(f"/places/{outbreak.NEIGHBOURHOOD}/known"))
    assert analyst.post("/known/notes", {**place, "words": "Not mine to write."}).status_code == 403
    wrong = director.post("/known/notes", {**place, "words": "Born on 3 May."})
    assert "a date of birth" in text(wrong, 400)


def test_a_signal_is_judged_by_both_tiers_and_taken_back(director: Client, analyst: Client) -> None:
    page = "/signals/1/judgements"
    for client, verdict in ((director, "confirm"), (analyst, "dispute")):
        assert client.post(page, {"verdict": verdict, "reason": f"Because {verdict}."}).status_code == 302
    for client in (director, analyst):
        shown = text(client.get(page))
        assert shown.index("Because confirm.") < shown.index("Because dispute.")
        assert shown.count("Take it back") == 1, "one's own, for ten minutes"
    number = re.search(r"/judgements/(\d+)/take-back", text(director.get(page))).group(1)  # type: ignore[union-attr]
    assert analyst.post(f"/judgements/{number}/take-back").status_code == 403
    assert director.post(f"/judgements/{number}/take-back").status_code == 302
    assert "Taken back by Director today" in text(analyst.get(page))
    assert "Signal 1: disputed" in text(director.get("/today")), "told through the desk"


@pytest.mark.parametrize(
    ("to", "given", "kept", "said"),
    [
        ("/signals/1/judgements", {"verdict": "merge", "reason": "The same works."}, "The same works.", "other signal"),
        (
            "/known/notes", {"place": outbreak.CITY, "words": "The unit moved.", "first": "Tuesday"},
            "The unit moved.", "is no day",
        ),
        (
            "/known/notes", {"place": outbreak.CITY, "signal": "1", "words": "Ring 943 476 5919."},
            "Ring 943 476 5919.", "an NHS number",
        ),
        ("/known/hypotheses", {"place": outbreak.CITY, "statement": "x" * 301}, "x" * 301, "301"),
    ],
)  # fmt: skip
def test_a_refused_form_comes_back_open_with_what_was_typed(
    director: Client, to: str, given: dict[str, str], kept: str, said: str
) -> None:
    page = text(director.post(to, given), 400)
    assert "<title>Error: " in page
    summary = page[page.index("govuk-error-summary") : page.index("<h1")]
    assert said in summary
    target = re.search(r'href="#([^"]+)"', summary)
    assert target is not None
    assert f' id="{target[1]}"' in page
    assert f">{kept}</textarea>" in page
    assert re.search(r"<details[^>]* open", page)


def test_an_answer_that_is_too_long_is_not_lost(director: Client) -> None:
    tell()
    number = max(int(each) for each in re.findall("/known/notes/([0-9]+)", text(director.get("/today"))))
    long = "y" * 2001
    page = text(director.post(f"/known/notes/{number}/answer", {"outcome": "passed_on", "words": long}), 400)
    assert f">{long}</textarea>" in page
    assert '<option value="passed_on" selected>' in page
    assert "2,001" in page


def test_a_foreign_signal_is_not_there(director: Client) -> None:
    assert "no signal 2" in text(director.get("/signals/2/judgements"), 404)
    assert director.post("/signals/2/judgements", {"verdict": "confirm", "reason": "Not ours."}).status_code == 403


SOCIAL = """area,attribute,value,source,date
E01013601,language,Gujarati,School census,2020-01-16
E01013601,language,English,School census,2020-01-16
E01013601,overcrowded,0.21,Census,2011-03-27
E01013601,test_site,"Mosque car park, 10am to 4pm",Council,2020-06-12
E01013601,overcrowded,1.4,Census,2011-03-27
E01013601,moon,full,Nobody,2020-01-01
E01099999,language,Polish,School census,2020-01-16
"""


def test_the_social_layer_stands_beside_with_source_and_day(director: Client) -> None:
    page = f"/places/{outbreak.SMALL}/known"
    assert "No file about languages, households, work" in text(director.get(page))
    reading = social.load(SOCIAL.encode(), "leicester.csv")
    assert dict(reading.left_out) == {"not_a_share": 1, "unknown_attribute": 1, "unknown_area": 1}
    with pytest.raises(Refused, match="loaded before"):
        social.load(SOCIAL.encode(), "leicester.csv")
    shown = text(director.get(page))
    assert shown.index("Languages spoken at home") < shown.index("Mosque car park, 10am to 4pm")
    for words in ("Otter Foundry", "Gujarati", "21.0%", "Sunday 27 March 2011", "School census"):
        assert words in shown
    assert "No file about languages" not in shown
    assert shown.count("School census") == 1, "a source is said once, below the table"
    told = director.get(f"/api/v1/places/{outbreak.SMALL}/social").json()["items"]
    (site,) = [each for each in told if each["attribute"] == "test_site"]
    assert (site["value"], site["source"], site["date"]) == ("Mosque car park, 10am to 4pm", "Council", "2020-06-12")
    assert {each["value"] for each in told if each["attribute"] == "language"} == {"Gujarati", "English"}
    assert "Otter Foundry" in {each["value"] for each in told}
    assert all(each["label"] in shown for each in told)
    newer = "area,attribute,value,source,date\nE01013601,overcrowded,0.3,Survey,2020-02-01\n"
    social.load(newer.encode(), "newer.csv")
    assert "30.0%" in text(director.get(page))
    assert "21.0%" not in text(director.get(page))


def test_a_community_seat_is_led_from_today_and_from_search_to_where_it_writes() -> None:
    actions.add_office(actions.office_from_role("community-voice", "authority-e06000016", [outbreak.CITY]))
    actions.invite("voice@leicester.example", "Voice", ["community-voice-e06000016"])
    client = outbreak.browser("voice@leicester.example", "community-voice-e06000016")
    today = text(client.get("/today"))
    assert re.search(r"(Nothing was|\d+ notes? w(as|ere)) written down about your places", today)
    assert 'href="/known">More' in today
    assert client.get("/known").headers["Location"] == f"/places/{outbreak.CITY}/known"
    assert client.get(f"/places/{outbreak.CITY}").headers["Location"] == f"/places/{outbreak.CITY}/known"
    page = text(client.get(f"/places/{outbreak.CITY}/known"))
    assert "Write down what you know" in page
    inside = set(re.findall(r'<a[^>]* href="(/[^"#]+)"', page.partition("<main")[2].partition("</main>")[0]))
    assert {link: client.get(link, follow=True).status_code for link in inside} == dict.fromkeys(inside, 200)
