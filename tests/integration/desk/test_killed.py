"""A worker that is killed in the middle of sending: nothing is lost, and at most what was in flight comes twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from commonweal.apps.desk import steps
from commonweal.apps.desk.ways.smtp import SmtpBackEnd
from commonweal.web import db

from . import build
from .mail import Mailbox, mail_server
from .test_many import people_in_offices

OFFICES, KILLS = 240, 3
SEND = """
import time, django
django.setup()
from commonweal.apps.desk import jobs, sending
print("ready", flush=True)
while sending.ways_due():
    jobs.send_what_waits(0) or time.sleep(0.05)
"""


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> Iterator[None]:
    people_in_offices(OFFICES)
    with build.named_space(space):
        yield


def test_killed_again_and_again_nothing_is_lost_and_only_what_was_in_flight_comes_twice() -> None:
    with mail_server() as box:
        box.slow_seconds = 0.01
        notice = build.tell(*(f"told-{n}" for n in range(1, OFFICES + 1)))
        while steps.run():
            pass
        twice = [_killed_at(box, (place + 1) * OFFICES // (KILLS + 1)) for place in range(KILLS)]
        assert _send(box).wait(60) == 0
        came = Counter(recipient for recipient, _ in box.mails)
        marks = Counter(line for _, text in box.mails for line in text.splitlines() if line.startswith("Message-ID"))
    assert set(came) == {f"told-{n}@many.example" for n in range(1, OFFICES + 1)}, "none is lost"
    again = sum(count - 1 for count in came.values())
    print(f"{OFFICES} offices, killed {KILLS} times at {twice}: {again} came twice")
    assert again <= KILLS * SmtpBackEnd.at_once, "those that were in flight, a few for each connection"
    assert len(marks) == OFFICES, "one that comes twice has the same mark"
    sent = db.value("backup", "select count(*) from desk.receipt where notice_id = %s and state = 'sent'", [notice])
    assert sent == OFFICES, "each has one receipt"


def _send(box: Mailbox) -> subprocess.Popen[str]:
    """What the worker does every second, in a program of its own, until nothing is due."""
    environment = {**os.environ, "COMMONWEAL_WAY_EMAIL": f"smtp://127.0.0.1:{box.port}"}
    sender = subprocess.Popen([sys.executable, "-c", SEND], env=environment, stdout=subprocess.PIPE, text=True)
    assert sender.stdout is not None
    assert sender.stdout.readline() == "ready\n"
    return sender


def _killed_at(box: Mailbox, count: int) -> int:
    """Start a sender, kill it once so many mails have come, and let its claims run out; returns how many had come."""
    sender = _send(box)
    deadline = time.monotonic() + 60
    while len(box.mails) < count:
        assert time.monotonic() < deadline, f"only {len(box.mails)} mails after a minute"
        time.sleep(0.001)
    os.kill(sender.pid, signal.SIGKILL)
    sender.wait()
    with db.transaction("queue") as cursor:  # as if the minute were over after which claims come back
        cursor.execute("update desk.outbox set taken_at = taken_at - interval '2 minutes' where state = 'taken'")
    return len(box.mails)
