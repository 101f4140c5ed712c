"""The published line list: open to everybody, and a record made after it is accepted."""

from __future__ import annotations

import csv
import io
import json

from django.test import Client

from commonweal.apps.intake.rulebook import line_list

from .world import send


def strangers() -> Client:
    return Client(SERVER_NAME="localhost")


def test_the_page_names_every_column_and_leads_to_schema_and_example(space: str) -> None:
    page = strangers().get("/line-list").content.decode()
    assert all(field.id in page for field in line_list().read)
    assert 'href="/line-list.schema.json"' in page
    assert 'href="/line-list.example.csv"' in page


def test_the_schema_says_what_intake_asks_for(space: str) -> None:
    answer = strangers().get("/line-list.schema.json")
    schema = json.loads(answer.content)
    fields = {field["name"]: field for field in schema["fields"]}
    assert list(fields) == [field.id for field in line_list().read]
    assert fields["result"]["constraints"] == {"required": True, "enum": ["positive", "negative", "void"]}
    assert schema["primaryKey"] == ["record_id", "revision"]
    assert answer["Cache-Control"] == "public, max-age=30"


def test_the_example_is_taken_in_as_it_is(tokens: dict[str, str]) -> None:
    body = strangers().get("/line-list.example.csv").content
    header, row = csv.reader(io.StringIO(body.decode()))
    assert header == [field.id for field in line_list().read]
    # the example's postcode is real but not among the few places of this test
    balance = send(body.replace(b"LE1 9BG", b"LE1 1AA")).balance
    assert (balance.received, balance.accepted) == (1, 1), row
