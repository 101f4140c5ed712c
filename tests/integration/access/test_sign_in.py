"""Signing in, from the one-time link to the acting office, with real codes; and everything that must not work."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import Error
from django.test import Client
from django.utils import timezone

from commonweal.apps.access import actions
from commonweal.apps.access.signin import accounts
from commonweal.apps.access.signin.models import Session
from commonweal.core.errors import Refused
from commonweal.web import db

from .build import act, authorities, browser, entries

PASSWORD = "meadow lantern herring"
OFFICE = "director-of-public-health-e06000016"


ROUNDS = PBKDF2PasswordHasher.iterations


@pytest.fixture(scope="module", autouse=True)
def world(space: str) -> Iterator[None]:
    """Two authorities. Passwords are hashed by the real algorithm in few rounds, so that fifty sign-ins stay quick."""
    authorities(E06000016="Leicester", E06000017="Rutland")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PBKDF2PasswordHasher, "iterations", 1000)
        yield


def test_a_password_takes_long_to_try() -> None:
    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    assert ROUNDS >= 1_000_000


def totp(secret: str, steps: int = 0) -> str:
    """The six digits an authenticator app shows (RFC 6238), written out by hand."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def fresh_browser() -> Client:
    return Client(SERVER_NAME="localhost", REMOTE_ADDR=f"10.0.{time.time_ns() % 250}.{time.time_ns() // 250 % 250}")


def enter(email: str, name: str, *offices: str) -> tuple[Client, str]:
    """Invite somebody and go the whole way in; returns the browser and the second factor's secret."""
    token = actions.invite(email, name, offices).token
    client = fresh_browser()
    assert client.get(f"/invitation/{token}/").status_code == 200
    answer = client.post(f"/invitation/{token}/", {"password": PASSWORD, "password_again": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    page = client.get("/agreements/", follow=True)
    assert page.redirect_chain[-1][0].startswith("/account/second-factor/app/activate/")
    secret = re.search(r'id="secret">([A-Z2-7]+)<', page.content.decode())
    assert secret is not None
    answer = client.post("/account/second-factor/app/activate/", {"code": totp(secret.group(1))})
    assert answer.status_code == 302, answer.content.decode()
    return client, secret.group(1)


def sign_in(email: str, password: str = PASSWORD) -> Client:
    client = fresh_browser()
    client.post("/account/login/", {"login": email, "password": password})
    return client


def status(client: Client, path: str = "/agreements/") -> tuple[int, str]:
    answer = client.get(path)
    return answer.status_code, answer.headers.get("Location", "")


def test_from_the_one_time_link_to_the_acting_office() -> None:
    client, secret = enter("first@leicester.example", "First Person", OFFICE)
    codes = client.get("/account/second-factor/codes/")
    assert codes.status_code == 200
    assert len(re.findall(r"<li>\d{4}\s?\d{4}</li>", codes.content.decode())) == 10
    assert status(client)[1].startswith("/acting/")
    act(client, OFFICE, "outbreak_control")
    page = client.get("/agreements/")
    assert page.status_code == 200
    assert "Director of Public Health, Leicester" in page.content.decode()
    assert page.headers["Cache-Control"] == "private, no-store"
    # later, with password and a code of the next half-minute (a used code is not taken twice)
    again = sign_in("first@leicester.example")
    assert status(again)[1].startswith("/account/login/"), "between the two steps nothing is open"
    answer = again.post("/account/second-factor/authenticate/", {"code": totp(secret, 1)})
    assert answer.status_code == 302, answer.content.decode()
    assert status(again)[1].startswith("/acting/")


def test_a_code_is_taken_once_only() -> None:
    _, secret = enter("once@leicester.example", "Once Only", OFFICE)
    code = totp(secret, 1)
    assert (
        sign_in("once@leicester.example").post("/account/second-factor/authenticate/", {"code": code}).status_code
        == 302
    )
    second = sign_in("once@leicester.example").post("/account/second-factor/authenticate/", {"code": code})
    assert second.status_code == 200
    assert "Incorrect code" in second.content.decode()


def test_the_link_works_once_and_a_newer_one_ends_it() -> None:
    invited = actions.invite("link@leicester.example", "Link", [])
    newer = actions.reset_second_factor("link@leicester.example").token
    assert Client(SERVER_NAME="localhost").get(f"/invitation/{invited.token}/").status_code == 410
    accounts.redeem(newer, PASSWORD)
    with pytest.raises(Refused, match="used already or is older than 72 hours"):
        accounts.redeem(newer, PASSWORD)
    assert Client(SERVER_NAME="localhost").get(f"/invitation/{newer}/").status_code == 410


def test_a_link_older_than_three_days_is_over() -> None:
    token = actions.invite("late@leicester.example", "Late", []).token
    assert accounts.invited(token) is not None
    with db.transaction("authn") as cursor:
        cursor.execute("select expires_at - made_at from authn.invitation order by made_at desc limit 1")
        assert abs(cursor.fetchone()[0] - timedelta(hours=72)) < timedelta(seconds=1)
        cursor.execute("update authn.invitation set expires_at = clock_timestamp() where used_at is null")
    assert accounts.invited(token) is None


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [("short", "short", "too short"), ("password1234", "password1234", "too common"), (PASSWORD, "another", "differ")],
)
def test_a_weak_or_mistyped_password_leaves_the_link_usable(password: str, again: str, sentence: str) -> None:
    email = f"weak-{len(password)}-{len(again)}@leicester.example"
    token = actions.invite(email, "Weak", []).token
    answer = Client(SERVER_NAME="localhost").post(
        f"/invitation/{token}/", {"password": password, "password_again": again}
    )
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert accounts.invited(token) is not None


def test_without_a_second_factor_nothing_else_opens() -> None:
    actions.invite("half@leicester.example", "Half", [OFFICE])
    client = browser("half@leicester.example", second_factor=False)
    for path in (
        "/agreements/",
        "/who-looked/",
        "/who-looked.csv",
        "/account/",
        "/account/password/change/",
        "/acting/",
    ):
        assert status(client, path)[1].startswith("/account/second-factor/app/activate/"), path
    assert (
        client.post("/acting/", {"acting": f"{OFFICE}|audit"}).headers["Location"]
        == "/account/second-factor/app/activate/"
    )


def test_a_session_that_skipped_the_factor_is_asked_for_it() -> None:
    enter("skipped@leicester.example", "Skipped", OFFICE)
    client = browser("skipped@leicester.example", second_factor=False)
    assert status(client)[1].startswith("/account/second-factor/reauthenticate/")


def test_the_last_factor_cannot_be_taken_off() -> None:
    client, _ = enter("last@leicester.example", "Last", OFFICE)
    answer = client.post("/account/second-factor/app/deactivate/")
    assert "cannot deactivate" in answer.content.decode()
    assert db.value("authn", "select count(*) from authn.mfa_authenticator m join authn.account a on a.id = m.user_id"
                    " where a.email = 'last@leicester.example' and m.type = 'totp'") == 1  # fmt: skip


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one() -> None:
    _, secret = enter("locked@leicester.example", "Locked", OFFICE)
    for _ in range(5):
        answer = fresh_browser().post("/account/login/", {"login": "locked@leicester.example", "password": "wrong"})
        assert "not correct" in answer.content.decode()
    right = fresh_browser()
    answer = right.post("/account/login/", {"login": "locked@leicester.example", "password": PASSWORD})
    assert answer.status_code == 200
    assert "Too many failed login attempts" in answer.content.decode()
    assert (
        right.post("/account/second-factor/authenticate/", {"code": totp(secret, 1)}).headers["Location"]
        == "/account/login/"
    )
    # the lock is in the database: any process sees it, and it ends by itself
    with db.transaction("authn") as cursor:
        cursor.execute("update authn.attempt set value = '[]' where value <> '\"y\"' returning 1")
    assert sign_in("locked@leicester.example").get("/account/second-factor/authenticate/").status_code == 200


def test_five_wrong_codes_lock_the_second_step() -> None:
    _, secret = enter("codes@leicester.example", "Codes", OFFICE)
    client = sign_in("codes@leicester.example")
    for _ in range(5):
        client.post("/account/second-factor/authenticate/", {"code": "000000"})
    answer = client.post("/account/second-factor/authenticate/", {"code": totp(secret, 1)})
    assert answer.status_code == 200
    assert "Too many failed login attempts" in answer.content.decode()


def test_the_database_holds_no_key_no_content_no_secret_and_no_token_in_clear() -> None:
    client, secret = enter("clear@leicester.example", "Clear", OFFICE)
    token = actions.invite("clear-2@leicester.example", "Clear 2", []).token
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    stored = ""
    for table in ("session", "mfa_authenticator", "invitation", "attempt", "account"):
        stored += str(db.rows("authn", f"select * from authn.{table}"))
    for hidden in (key, secret, token, "acting_office", "10.0."):
        assert hidden not in stored
    assert Session.objects.using("authn").filter(key_sha256=hashlib.sha256(key.encode()).hexdigest()).exists()


def test_a_session_ends_when_idle_and_after_twelve_hours_whatever_happens() -> None:
    actions.invite("idle@leicester.example", "Idle", [OFFICE])
    client = browser("idle@leicester.example")
    rows = Session.objects.using("authn").filter(
        key_sha256=hashlib.sha256(client.cookies[settings.SESSION_COOKIE_NAME].value.encode()).hexdigest()
    )
    now = timezone.now()
    assert abs(rows.get().expires_at - now - timedelta(minutes=30)) < timedelta(seconds=30)
    rows.update(expires_at=now + timedelta(minutes=10))
    assert status(client, "/account/")[0] == 200
    assert rows.get().expires_at > now + timedelta(minutes=29), "a request moves the idle end"
    rows.update(started_at=now - timedelta(hours=11, minutes=50), expires_at=now + timedelta(minutes=5))
    assert status(client, "/account/")[0] == 200
    assert rows.get().expires_at < now + timedelta(minutes=11), "never beyond twelve hours"
    rows.update(expires_at=now - timedelta(seconds=1))
    assert status(client, "/account/")[1].startswith("/account/login/")


def test_signing_out_everywhere_ends_every_session_at_once() -> None:
    actions.invite("every@leicester.example", "Every", [OFFICE])
    first, second, third = (browser("every@leicester.example") for _ in range(3))
    assert first.post("/account/sign-out-everywhere/").headers["Location"] == "/account/login/"
    assert [status(client, "/account/")[0] for client in (first, second, third)] == [302, 302, 302]
    again = browser("every@leicester.example")
    assert actions.sign_out("every@leicester.example") == 1
    assert status(again, "/account/")[1].startswith("/account/login/")
    assert entries("access.signed_out")[-1]["body"] == {"sessions": 1}


def test_a_reset_takes_password_factor_and_sessions_away() -> None:
    client, secret = enter("reset@leicester.example", "Reset", OFFICE)
    token = actions.reset_second_factor("reset@leicester.example").token
    assert status(client)[1].startswith("/account/login/")
    answer = fresh_browser().post("/account/login/", {"login": "reset@leicester.example", "password": PASSWORD})
    assert "not correct" in answer.content.decode()
    assert accounts.invited(token) is not None
    assert (
        sign_in("reset@leicester.example")
        .post("/account/second-factor/authenticate/", {"code": totp(secret, 1)})
        .status_code
        == 302
    )


def test_an_account_without_a_password_is_told_so_where_one_is_changed() -> None:
    actions.invite("linked@leicester.example", "Linked", [OFFICE])
    answer = browser("linked@leicester.example").get("/account/password/change/")
    assert answer.status_code == 400
    assert "This account has no password to change" in answer.content.decode()


def test_forms_without_their_token_are_refused() -> None:
    actions.invite("forged@leicester.example", "Forged", [OFFICE])
    client = browser("forged@leicester.example")
    client.handler.enforce_csrf_checks = True
    assert client.post("/acting/", {"acting": f"{OFFICE}|audit"}).status_code == 403


def test_nobody_signs_up_and_an_unknown_address_is_told_nothing() -> None:
    assert fresh_browser().get("/account/signup/").status_code == 404
    unknown = fresh_browser().post("/account/login/", {"login": "who@leicester.example", "password": PASSWORD})
    assert "not correct" in unknown.content.decode()


@pytest.mark.parametrize("alias", ["app", "ingest", "engine", "queue", "web", "retention"])
@pytest.mark.parametrize(
    "table", ["account", "session", "invitation", "attempt", "mfa_authenticator", "account_emailaddress"]
)
def test_no_other_role_reads_sign_in_data(alias: str, table: str) -> None:
    with pytest.raises(Error, match="permission denied"):
        db.rows(alias, f"select * from authn.{table}")
