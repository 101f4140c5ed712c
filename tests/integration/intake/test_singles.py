"""Single records answered in the event loop: told the same as by the ordinary way, which answers all that is special."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from commonweal.apps.intake import feeds, gather, singles
from commonweal.apps.intake.together import Ready, Written
from commonweal.web.threads import AtOnce, ThreadedHandler
from tests.integration.server.test_threads import SCOPE

from .world import record, stored

OWN = ("submission", "seconds", "stages")  # different for each submission


def sent(
    token: str, bodies: Sequence[bytes], *, at_once: AtOnce | None, feed: str = "lab-one", **headers: str
) -> list[tuple[int, dict[bytes, bytes], dict[str, Any]]]:
    """Status, headers and document of each answer, all requests under way together."""
    handler = ThreadedHandler(threads=2, at_once=at_once)
    told = {"host": "localhost", "content-type": "application/json", "authorization": f"Bearer {token}", **headers}
    scope = {
        **SCOPE, "path": f"/api/v1/feeds/{feed}/results",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in told.items()],
    }  # fmt: skip

    async def one(body: bytes) -> tuple[int, dict[bytes, bytes], dict[str, Any]]:
        messages: list[Mapping[str, Any]] = []
        given = iter([{"type": "http.request", "body": body}])

        async def receive() -> Mapping[str, Any]:
            return next(given, None) or {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            messages.append(message)

        await asyncio.wait_for(handler(scope, receive, send), 20)
        fields = {name.lower(): value for name, value in messages[0]["headers"]}
        return messages[0]["status"], fields, json.loads(messages[1]["body"])

    async def every() -> Any:
        return await asyncio.gather(*map(one, bodies))

    return list(asyncio.run(every()))


class Counting:
    """Counts what was answered at once."""

    def __init__(self) -> None:
        self.answered = 0

    async def __call__(self, scope: Mapping[str, Any], body: bytes) -> bytes | None:
        content = await singles.taken_at_once(scope, body)
        self.answered += content is not None
        return content


@pytest.fixture
def remembered(tokens: dict[str, str]) -> str:
    """A token that was shown a moment ago: until then it must be looked up in a thread."""
    assert feeds.remembered_door(tokens["lab-one"], "lab-one") is not None
    return tokens["lab-one"]


def body(**changes: Any) -> bytes:
    return json.dumps(record(**changes)).encode()


def test_senders_at_once_are_told_what_the_ordinary_way_tells(remembered: str) -> None:
    counting = Counting()
    changes = [
        {"result": "positive"}, {}, {"age_years": "x"}, {"postcode": "LE9 9ZZ"}, {"unknown_name": "1"},
    ]  # fmt: skip
    one = sent(remembered, [body(record_id=f"A{n}", person_id=f"A{n}", **c) for n, c in enumerate(changes)],
               at_once=counting, user_agent="test")  # fmt: skip
    assert counting.answered == len(changes)
    feeds.remembered_door(remembered, "lab-one")
    other = sent(remembered, [body(record_id=f"B{n}", person_id=f"B{n}", **c) for n, c in enumerate(changes)],
                 at_once=None, user_agent="test")  # fmt: skip
    for mine, ordinary in zip(one, other, strict=True):
        assert mine[0] == ordinary[0] == 200
        assert {name: value for name, value in mine[1].items() if name != b"content-length"} == ordinary[1]
        assert list(mine[2]) == list(ordinary[2])
        assert {k: v for k, v in mine[2].items() if k not in OWN} == {
            k: v for k, v in ordinary[2].items() if k not in OWN
        }
    written = stored(
        "select channel, label, sent_by, held_by, count(*) from intake.submission group by 1, 2, 3, 4 having count(*) > 1"
    )
    assert [(row["channel"], row["label"], row["sent_by"], row["count"]) for row in written] == [
        ("http", "request", "test", 2 * len(changes))
    ]


def test_an_answer_at_once_is_given_after_the_commit(remembered: str) -> None:
    [(_, _, told)] = sent(remembered, [body(record_id="C1", person_id="C1")], at_once=singles.taken_at_once)
    assert stored("select declared from intake.submission where id = %s", [told["submission"]]) == [{"declared": 1}]


def test_what_fails_on_the_short_way_is_answered_on_the_ordinary_one(
    remembered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, failures = gather.write_together, [RuntimeError("torn")]

    def torn_once(group: list[Ready]) -> Written:
        if failures:
            raise failures.pop()
        return write(group)

    monkeypatch.setattr(gather, "write_together", torn_once)
    [(status, _, told)] = sent(remembered, [body(record_id="T1", person_id="T1")], at_once=singles.taken_at_once)
    assert (status, told["accepted"], failures) == (200, 1, [])


def test_the_same_again_is_told_so(remembered: str) -> None:
    first, again = (
        sent(remembered, [body(record_id="D1", person_id="D1")], at_once=singles.taken_at_once)[0] for _ in range(2)
    )
    assert (first[2]["accepted"], first[2]["replayed"]) == (1, False)
    assert (again[2]["accepted"], again[2]["replayed"]) == (0, True)
    assert again[2]["submission"] == first[2]["submission"]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"", {}, 400),
        (body(record_id="E1"), {"content_type": "text/csv"}, 400),
        (body(record_id="E2"), {"held_since": "yesterday"}, 400),
        (body(record_id="E3"), {"authorization": "Bearer of-nobody"}, 401),
        (body(record_id="E4", occupation="x" * singles.SHORT_BODY), {}, 200),
        (json.dumps([record(record_id=f"E5-{n}") for n in range(30)]).encode(), {}, 200),
    ],
    ids=["no JSON", "nothing", "another kind", "no instant", "no token", "long", "many"],
)
def test_what_is_special_goes_the_ordinary_way(
    remembered: str, content: bytes, headers: dict[str, str], status: int
) -> None:
    counting = Counting()
    [(found, fields, told)] = sent(remembered, [content], at_once=counting, **headers)
    assert found == status, told
    assert counting.answered == 0
    assert (b"problem" in fields[b"content-type"]) == (status != 200)


def test_a_feed_that_is_paused_meanwhile_refuses_in_its_own_words(tokens: dict[str, str]) -> None:
    assert feeds.remembered_door(tokens["lab-two"], "lab-two") is not None
    feeds.set_state("lab-two", "paused", "a test")
    counting = Counting()
    [(status, _, told)] = sent(tokens["lab-two"], [body(record_id="F1")], at_once=counting, feed="lab-two")
    feeds.set_state("lab-two", "open", "a test")
    assert (status, counting.answered) == (400, 0)
    assert "is paused; it takes nothing in" in told["detail"]
