"""Ways out with real servers on loopback: mail that is down, numbers that bounce, receivers that answer wrongly."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import pytest
from notifications_python_client.notifications import NotificationsAPIClient

from commonweal.apps.desk import sending, ways
from commonweal.apps.desk.ways import Letter
from commonweal.apps.desk.ways.notify import NotifyBackEnd
from commonweal.core.desk.messages import Outgoing
from commonweal.core.errors import NotThere, Refused
from commonweal.web import db

from . import build
from .build import DIRECTOR, actor, receipts, tell
from .mail import Mailbox, mail_server

LETTER = Letter("1", "somebody@desk.example", Outgoing("Something for you", "Something for you. https://x.example"))


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> Iterator[None]:
    build.leicester()
    with build.named_space(space):
        yield


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with mail_server() as box:
        monkeypatch.setenv("COMMONWEAL_WAY_EMAIL", f"smtp://127.0.0.1:{box.port}")
        yield box


class Gateway(HTTPServer):
    """Answers every letter with a status and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.status = 200
        self.taken: list[tuple[dict[str, Any], dict[str, str]]] = []


class _Answer(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append((body, dict(self.headers)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    server = Gateway()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def later(notice: object, minutes: float) -> None:
    """As if so many minutes had passed for the messages of a notice: the clock of a live space cannot be moved."""
    with db.transaction("queue") as cursor:
        cursor.execute(
            "update desk.outbox set due_at = due_at - %s where notice_id = %s and state = 'waiting'",
            [timedelta(minutes=minutes), notice],
        )


def test_mail_leaves_through_a_server(mail: Mailbox) -> None:
    notice = tell(DIRECTOR)
    build.work()
    ((recipient, text),) = mail.mails
    assert recipient == "director-of-public-health@desk.example"
    assert "Subject: Urgent: something for Director of Public Health, Leicester" in text.replace("\n ", " ")
    assert str(notice) in text.replace("=\n", "")
    assert len(receipts(notice, "sent")) == 1


def test_a_letter_that_mail_cannot_carry_holds_up_no_other(mail: Mailbox) -> None:
    wrong = [
        "josé@desk.example",
        "x\r\nRCPT TO:<spy@desk.example>@desk.example",
        "x@desk.example\nBcc: spy@desk.example",
    ]
    bad_header = Outgoing("Something\nBcc: spy@desk.example", "Something")
    letters = [Letter(str(n), address, LETTER.message) for n, address in enumerate(wrong)]
    letters += [Letter("3", "good@desk.example", bad_header), Letter("4", "good@desk.example", LETTER.message)]
    back_end = ways.back_end("email", "live")
    outcomes = [back_end.send([letter])[0] for letter in letters] + back_end.send(letters[:4])
    back_end.close()
    assert [(each.sent, each.bounced) for each in outcomes[:5]] == [(False, True)] * 4 + [(True, False)]
    assert [recipient for recipient, _ in mail.mails] == ["good@desk.example"]


def test_an_office_whose_name_holds_a_header_names_one_line(mail: Mailbox) -> None:
    with db.recorded("authn") as write:
        run = write.cursor.execute
        run(
            "insert into access.office select 'odd-office', organisation_id, %s, permissions, purposes, %s"
            " from access.office where id = %s",
            ["Desk\nBcc: spy@desk.example", write.tick, DIRECTOR],
        )
    build.person("odd", "odd-office")
    tell("odd-office")
    build.work()
    ((recipient, text),) = mail.mails
    assert recipient == "odd@desk.example"
    head = text.split("\n\n")[0].replace("\n ", " ")
    assert "Subject: Urgent: something for Desk Bcc: spy@desk.example, open by" in head
    assert not [line for line in head.splitlines() if line.startswith("Bcc")]
    assert "\nDate: " in head


def test_a_mail_server_that_is_down_is_tried_again_shown_and_gone_around(monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as box:
        port = box.port
    monkeypatch.setenv("COMMONWEAL_WAY_EMAIL", f"smtp://127.0.0.1:{port}")
    director = actor("director-of-public-health", DIRECTOR)
    with db.transaction("authn") as cursor:
        cursor.execute("delete from desk.contact_way")
    build.way(director, sms="07700900002")
    notice = tell(DIRECTOR)
    build.work()
    (failed,) = receipts(notice, "failed")
    assert (failed["way"], failed["words"]) == ("email", "the mail server does not answer (ConnectionRefusedError)")
    assert [row["way"] for row in receipts(notice, "sent")] == ["sms"]
    for _ in range(3):
        later(notice, 31)
        build.work()
    assert [row["way"] for row in receipts(notice, "failed")] == ["email"] * 4
    with mail_server() as box:
        monkeypatch.setenv("COMMONWEAL_WAY_EMAIL", f"smtp://127.0.0.1:{box.port}")
        later(notice, 31)
        build.work()
        assert len(box.mails) == 1
    assert sorted(row["way"] for row in receipts(notice, "sent")) == ["email", "sms"]


def test_a_way_that_another_sender_uses_is_left_to_it_and_the_others_leave(mail: Mailbox) -> None:
    from commonweal.apps.desk import jobs

    director = actor("director-of-public-health", DIRECTOR)
    with db.transaction("authn") as cursor:
        cursor.execute("delete from desk.contact_way")
    build.way(director, sms="07700900002")
    notice = tell(DIRECTOR)
    with db.transaction("app") as cursor:  # another session holds the sender of e-mail
        cursor.execute("select pg_advisory_lock(%s, %s)", [jobs.ONE_SENDER, ways.WAYS.index("email")])
        jobs.turn_to_the_next(0)
        cursor.execute("select pg_advisory_unlock(%s, %s)", [jobs.ONE_SENDER, ways.WAYS.index("email")])
    assert [row["way"] for row in receipts(notice, "sent")] == ["sms"]
    jobs.send_what_waits(0)
    assert sorted(row["way"] for row in receipts(notice, "sent")) == ["email", "sms"]


def test_after_its_last_attempt_a_message_ends_as_not_delivered(mail: Mailbox) -> None:
    mail.busy = True
    notice = tell(DIRECTOR, severity=2)
    for _ in range(8):
        build.work()
        later(notice, 31)
    assert len([row for row in receipts(notice, "failed") if row["way"] == "email"]) == 5
    states = db.rows("backup", "select way, state from desk.outbox where notice_id = %s order by way", [notice])
    assert {"way": "email", "state": "failed"} in states


def test_an_address_that_bounces_is_not_tried_again_and_paper_is_last(mail: Mailbox) -> None:
    with db.transaction("authn") as cursor:
        cursor.execute("delete from desk.contact_way")
    director = actor("director-of-public-health", DIRECTOR)
    build.way(director, email="gone@desk.example")
    mail.unknown.add("gone@desk.example")
    notice = tell(DIRECTOR)
    build.work()
    (failed,) = receipts(notice, "failed")
    assert failed["words"] == "the mail server refused the address (550)"
    assert [row["way"] for row in receipts(notice, "sent")] == ["print"]
    row = db.one("authn", "select bounced_words from desk.contact_way where person_id = %s", [director.person_id])
    assert row == {"bounced_words": "the mail server refused the address (550)"}
    mail.mails.clear()
    again = tell(DIRECTOR)
    build.work()
    assert mail.mails == []
    assert [(row["way"]) for row in receipts(again, "sent")] == ["print"]


def test_a_number_that_bounces_goes_to_the_call_and_a_gateway_signs_for_delivery(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"http://127.0.0.1:{gateway.server_port}/"
    monkeypatch.setenv("COMMONWEAL_WAY_SMS", address)
    monkeypatch.setenv("COMMONWEAL_WAY_SECRET", "shared")
    with db.transaction("authn") as cursor:
        cursor.execute("delete from desk.contact_way")
    build.way(actor("director-of-public-health", DIRECTOR), sms="07700900003", call="07700900004")
    gateway.status = 422
    notice = tell(DIRECTOR)
    build.work()
    assert [(row["way"], row["words"]) for row in receipts(notice, "failed")] == [("sms", "the receiver answered 422")]
    assert sorted(row["way"] for row in receipts(notice, "sent")) == ["call", "email"]
    with db.transaction("authn") as cursor:
        cursor.execute("update desk.contact_way set bounced_at = null")
    gateway.status = 200
    second = tell(DIRECTOR)
    build.work()
    assert [row["way"] for row in receipts(second, "delivered")] == ["sms"]
    body, headers = gateway.taken[-1]
    assert body["to"] == "07700900003"
    assert set(body) == {"to", "subject", "text", "key"}
    assert len(headers["X-Signature-SHA256"]) == 64


def test_two_workers_never_send_one_message_both_and_a_lost_claim_comes_back(mail: Mailbox) -> None:
    with db.transaction("authn") as cursor:
        cursor.execute("delete from desk.contact_way")
    notices = [tell(DIRECTOR) for _ in range(20)]
    from commonweal.apps.desk import steps

    steps.run()
    threads = [threading.Thread(target=_send_and_close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mail.mails) == len(notices)
    with db.transaction("queue") as cursor:  # a worker died after it had claimed one
        cursor.execute(
            "update desk.outbox set state = 'taken', taken_at = commonweal.now() - interval '2 minutes' where notice_id = %s",
            [notices[0]],
        )
    sending.run()
    assert len(mail.mails) == len(notices) + 1


def _send_and_close() -> None:
    from django.db import connections

    while sending.run(block=3):
        pass
    connections.close_all()


def test_nothing_of_an_exercise_leaves_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONWEAL_WAY_EMAIL", "smtp://127.0.0.1:9")
    assert type(ways.back_end("email", "exercise")).__name__ == "FileBackEnd"
    assert type(ways.back_end("email", "live")).__name__ == "SmtpBackEnd"
    with pytest.raises(Refused, match="nothing of it leaves"):
        NotifyBackEnd("sms", "template", "replay", client=object())


def test_a_setting_that_cannot_carry_a_way_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONWEAL_WAY_SMS", "smtp://127.0.0.1")
    with pytest.raises(Refused, match="COMMONWEAL_WAY_SMS begins with 'smtp', which cannot carry sms"):
        ways.back_end("sms", "live")
    monkeypatch.setenv("COMMONWEAL_WAY_SMS", "notify:abc")
    with pytest.raises(NotThere, match="set COMMONWEAL_NOTIFY_KEY"):
        ways.back_end("sms", "live")
    monkeypatch.setitem(sys.modules, "notifications_python_client.notifications", None)  # the extra is not installed
    with pytest.raises(NotThere, match=r"pip install 'commonweal\[notify\]'"):
        ways.back_end("sms", "live")


class _Notify(BaseHTTPRequestHandler):
    """What GOV.UK Notify answers to a number it cannot use, a template that is not there, and any other letter."""

    server: Gateway

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append((body, {"path": self.path, **self.headers}))
        status, answer = 201, {"id": "740e5834-3a29-46b4-9a6f-16142fde533a"}
        if body.get("phone_number") == "nowhere":
            status, answer = 400, self.error("ValidationError", "phone_number Not enough digits")
        elif body["template_id"] == "gone":
            status, answer = 400, self.error("BadRequestError", "Template not found")
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def error(self, kind: str, message: str) -> dict[str, Any]:
        return {"status_code": 400, "errors": [{"error": kind, "message": message}]}

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def notify() -> Iterator[tuple[Gateway, NotificationsAPIClient]]:
    server = Gateway()
    server.RequestHandlerClass = _Notify
    threading.Thread(target=server.serve_forever, daemon=True).start()
    key = f"key-{uuid4()}-{uuid4()}"
    yield server, NotificationsAPIClient(key, base_url=f"http://127.0.0.1:{server.server_port}", timeout=5)
    server.shutdown()
    server.server_close()


def test_notify_gets_the_words_and_nothing_else(notify: tuple[Gateway, NotificationsAPIClient]) -> None:
    server, client = notify
    good, bad = LETTER, Letter("2", "nowhere", LETTER.message)
    outcomes = NotifyBackEnd("sms", "t1", "live", client=client).send([good, bad])
    outcomes += NotifyBackEnd("sms", "gone", "live", client=client).send([Letter("3", "07700900000", LETTER.message)])
    assert [(each.sent, each.bounced) for each in outcomes] == [(True, False), (False, True), (False, False)]
    assert NotifyBackEnd("email", "t2", "live", client=client).send([good]) == [ways.SENT]
    assert [headers["path"].rpartition("/")[2] for _, headers in server.taken] == ["sms", "sms", "sms", "email"]
    text = {"text": LETTER.message.text}
    assert server.taken[0][0] == {
        "phone_number": LETTER.address, "template_id": "t1", "personalisation": text, "reference": "1",
    }  # fmt: skip
    assert server.taken[3][0]["personalisation"] == text | {"subject": LETTER.message.subject}


def test_notify_that_does_not_answer_is_nobodys_number(notify: tuple[Gateway, NotificationsAPIClient]) -> None:
    server, client = notify
    server.shutdown()
    server.server_close()
    (outcome,) = NotifyBackEnd("sms", "t1", "live", client=client).send([LETTER])
    assert (outcome.sent, outcome.bounced) == (False, False)
    assert "503" in outcome.words


def test_letters_in_files_are_for_their_owner_only() -> None:
    ways.back_end("email", "exercise").send([LETTER])
    from commonweal.apps.desk.ways import files

    assert (files.folder() / "email.ndjson").stat().st_mode & 0o077 == 0
