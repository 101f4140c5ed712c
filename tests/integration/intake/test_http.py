"""Results by HTTP: one record, a list, a CSV; tokens; keys; several senders in one commit."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from commonweal.apps.intake import feeds
from commonweal.web.threads import ThreadedHandler
from tests.integration.server.test_threads import visit

from .world import as_csv, record, stored


@pytest.fixture
def client() -> Client:
    return Client(HTTP_HOST="localhost")


def post(
    client: Client, token: str, body: bytes, *, feed: str = "lab-one", kind: str = "application/json", **headers: str
) -> Any:
    names = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return client.post(
        f"/api/v1/feeds/{feed}/results", body, content_type=kind, HTTP_AUTHORIZATION=f"Bearer {token}", **names
    )


def as_json(*records: dict[str, Any]) -> bytes:
    return json.dumps(records[0] if len(records) == 1 else records).encode()


def test_one_record(client: Client, tokens: dict[str, str]) -> None:
    answer = post(client, tokens["lab-one"], as_json(record(record_id="H1", age_years=39, revision=1)))  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.content
    assert (answer.json()["received"], answer.json()["accepted"]) == (1, 1)
    assert answer.json()["records"] == [{"row": 1, "outcome": "accepted", "reasons": [], "notes": []}]


def test_a_running_site_answers_tokens_by_the_short_way(tokens: dict[str, str]) -> None:
    """As served, not by the test's client: the same outcomes, headers that keep the answer private."""
    path, token = "/api/v1/feeds/lab-one/results", tokens["lab-one"].encode()
    host, kind = (b"host", b"localhost"), (b"content-type", b"application/json")
    handler = ThreadedHandler(threads=1)
    for bearer, status in ((token, 200), (b"of-nobody", 401)):
        start, body = visit(
            handler, path=path, headers=[host, kind, (b"authorization", b"Bearer " + bearer)],
            body=as_json(record(record_id="H9")),
        )  # fmt: skip
        headers = {name.lower(): value for name, value in start["headers"]}
        assert start["status"] == status, body
        assert headers[b"cache-control"] == b"private, no-store"
        assert headers[b"content-security-policy"].startswith(b"default-src 'none'")
        assert headers[b"x-content-type-options"] == b"nosniff"
        told = json.loads(body["body"])
        assert told["accepted"] == 1 if status == 200 else "token" in told["detail"]


def test_a_list_and_a_csv_and_a_gzip(client: Client, tokens: dict[str, str]) -> None:
    many = [record(record_id=f"H2-{n}") for n in range(60)]
    assert post(client, tokens["lab-one"], as_json(*many)).json()["accepted"] == 60
    text = as_csv(record(record_id="H3-1"), record(record_id="H3-2", result="eh"))
    answer = post(client, tokens["lab-one"], text, kind="text/csv").json()
    assert (answer["accepted"], answer["rejected"]) == (1, 1)
    assert answer["records"][1]["reasons"] == ["result:unknown_code"]
    packed = gzip.compress(as_csv(record(record_id="H3-3")))
    assert post(client, tokens["lab-one"], packed, kind="text/csv").json()["accepted"] == 1


def test_a_token_opens_its_own_feed_only_and_ends_when_rotated(client: Client, tokens: dict[str, str]) -> None:
    body = as_json(record(record_id="H4"))
    wrong = post(client, tokens["lab-two"], body)
    assert wrong.status_code == 401
    assert wrong["Content-Type"] == "application/problem+json"
    new = feeds.rotate("lab-two")
    assert post(client, tokens["lab-two"], body, feed="lab-two").status_code == 401
    assert post(client, new, body, feed="lab-two").status_code == 200


def test_the_same_key_with_other_content_is_refused(client: Client, tokens: dict[str, str]) -> None:
    first = post(client, tokens["lab-one"], as_json(record(record_id="H5")), **{"Idempotency-Key": "k5"})
    again = post(client, tokens["lab-one"], as_json(record(record_id="H5")), **{"Idempotency-Key": "k5"})
    other = post(client, tokens["lab-one"], as_json(record(record_id="H6")), **{"Idempotency-Key": "k5"})
    assert first.json()["accepted"] == 1
    assert (again.json()["replayed"], again.json()["accepted"]) == (True, 0)
    assert other.status_code == 400
    assert "'k5' was used for other content" in other.json()["detail"]
    assert stored("select 1 from intake.submission where idempotency_key = 'k5'") == [{"?column?": 1}]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'"text"', b'[{"record_id": {"a": 1}}]', b'{"record_id": "a\\u0000b"}']
)
def test_what_is_no_record_is_refused_or_rejected_with_a_reason(
    client: Client, tokens: dict[str, str], body: bytes
) -> None:
    answer = post(client, tokens["lab-one"], body)
    if answer.status_code == 200:
        assert answer.json()["rejected"] == answer.json()["received"] == 1
        assert answer.json()["records"][0]["reasons"]
    else:
        assert answer.status_code == 400
        assert "Nothing was taken" in answer.json()["detail"]


def test_many_senders_at_once_are_each_answered_for_their_own(tokens: dict[str, str]) -> None:
    def send(number: int) -> tuple[int, dict[str, Any]]:
        try:
            body = as_json(record(record_id=f"H7-{number % 30}", revision=str(1 + number // 30)))
            return number, post(Client(HTTP_HOST="localhost"), tokens["lab-one"], body).json()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        answers = dict(threads.map(send, range(60)))
    assert all(answer["received"] == 1 and answer["feed"] == "lab-one" for answer in answers.values())
    outcomes = [answer["records"][0]["outcome"] for answer in answers.values()]
    assert (outcomes.count("accepted"), outcomes.count("superseded")) == (30, 30)
    ticks = stored("select count(distinct tick_id) as n from intake.submission where label = 'request'")[0]["n"]
    assert ticks < stored("select count(*) as n from intake.submission where label = 'request'")[0]["n"]


def test_the_same_record_from_many_senders_at_once_is_stored_once(tokens: dict[str, str]) -> None:
    def send(_: int) -> bool:
        try:
            return bool(
                post(Client(HTTP_HOST="localhost"), tokens["lab-one"], as_json(record(record_id="H8"))).json()[
                    "replayed"
                ]
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        replayed = list(threads.map(send, range(12)))
    assert replayed.count(False) == 1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not JSON in UTF-8"),
        (b'{"record_id": NaN}', "NaN is no JSON value"),
        (b'{"record_id": "a", "record_id": "b"}', "names 'record_id' twice"),
        (b"[" * 100_000, "lists within lists"),
        (gzip.compress(b"{}", mtime=0), "is a gzip, not JSON"),
    ],
)
def test_a_body_that_is_no_record_is_refused_with_what_is_wrong(
    client: Client, tokens: dict[str, str], body: bytes, sentence: str
) -> None:
    answer = post(client, tokens["lab-one"], body)
    assert answer.status_code == 400
    assert sentence in answer.json()["detail"]
    assert "Nothing was taken" in answer.json()["detail"]


def test_names_in_other_letters_and_whole_numbers_with_a_point_are_read(client: Client, tokens: dict[str, str]) -> None:
    sent = {name.replace("_", " ").title(): value for name, value in record(record_id="H20").items()} | {
        "Age Years": 39.0
    }
    assert post(client, tokens["lab-one"], as_json(sent)).json()["accepted"] == 1
    twice = post(client, tokens["lab-one"], as_json(sent | {"result": "positive", "record_id": "H21"})).json()
    assert twice["records"][0]["reasons"] == ["row:repeated_name"]


def test_a_form_is_refused(client: Client, tokens: dict[str, str]) -> None:
    answer = client.post(
        "/api/v1/feeds/lab-one/results", {"file": "x"}, HTTP_AUTHORIZATION=f"Bearer {tokens['lab-one']}"
    )
    assert answer.status_code == 400
    assert "send the file itself" in answer.json()["detail"]
