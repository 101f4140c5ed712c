"""Accounts: made by invitation, opened by a one-time link, signed out and reset by an operator."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.backends.utils import CursorWrapper

from commonweal.apps.access.signin.models import User
from commonweal.apps.access.signin.sessions import sign_out_everywhere
from commonweal.core.errors import NotThere, Refused
from commonweal.web import db

TOKEN_BYTES = 32
VALID_HOURS = 72


def checked_address(email: str) -> str:
    """The address in small letters. Raises `Refused` when it is none."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise Refused(f"{email!r} is no email address.") from error
    return address


def find(email: str) -> User | None:
    """The account of an address, or None."""
    return User.objects.using("authn").filter(email=email.strip().lower()).first()


def require(email: str) -> User:
    """The account of an address. Raises `NotThere`."""
    account = find(email)
    if account is None:
        raise NotThere(f"Nobody has an account with {email!r}. Invite them with: commonweal users invite {email}")
    return account


def make(email: str, person_id: UUID) -> User:
    """An account nobody can sign in to yet: the invitation sets its password."""
    account = User(email=checked_address(email), person_id=person_id)
    account.set_unusable_password()
    account.save(using="authn", force_insert=True)
    return account


def insert_invitation(cursor: CursorWrapper, account: User) -> tuple[str, datetime]:
    """A new one-time token (only its hash is stored) and when it ends; earlier ones of the account end now."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    cursor.execute(
        "update authn.invitation set expires_at = clock_timestamp()"
        " where account_id = %s and used_at is null and expires_at > clock_timestamp()",
        [account.pk],
    )
    row = db.fetch(
        cursor,
        "insert into authn.invitation (token_sha256, account_id, expires_at)"
        " values (%s, %s, clock_timestamp() + make_interval(hours => %s)) returning expires_at",
        [_hashed(token), account.pk, VALID_HOURS],
    )[0]
    return token, row["expires_at"]


def invited(token: str) -> User | None:
    """The account that an unused, unexpired token opens, or None."""
    account_id = db.value(
        "authn",
        "select account_id from authn.invitation"
        " where token_sha256 = %s and used_at is null and expires_at > clock_timestamp()",
        [_hashed(token)],
    )
    return None if account_id is None else User.objects.using("authn").filter(pk=account_id, is_active=True).first()


def redeem(token: str, password: str) -> User:
    """Set the password that a token allows, once. Raises `Refused` for a used or expired token, or a weak password."""
    account = invited(token)
    if account is None:
        raise Refused("This link was used already or is older than 72 hours. Ask for a new one.")
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    with db.transaction("authn") as cursor:
        used = db.fetch(
            cursor,
            "update authn.invitation set used_at = clock_timestamp()"
            " where token_sha256 = %s and used_at is null and expires_at > clock_timestamp() returning id",
            [_hashed(token)],
        )
        if not used:
            raise Refused("This link was used already or is older than 72 hours. Ask for a new one.")
        account.set_password(password)
        account.save(using="authn", update_fields=["password"])
    return account


def sign_out(email: str) -> int:
    """End every session of an account; returns how many."""
    return sign_out_everywhere(require(email).pk)


def reset(email: str) -> tuple[str, datetime]:
    """Take away password, second factors and sessions, and give a new one-time link to set them again.

    The password goes as well: alone it would be enough for somebody else to set up a factor of their own.
    """
    account = require(email)
    with db.transaction("authn") as cursor:
        Authenticator.objects.using("authn").filter(user_id=account.pk).delete()
        sign_out_everywhere(account.pk)
        account.set_unusable_password()
        account.save(using="authn", update_fields=["password"])
        return insert_invitation(cursor, account)


def held_on(person_id: UUID) -> dict[str, Any]:
    """What sign-in keeps on a person: account, factors (never their secrets), sessions, invitations."""
    account = User.objects.using("authn").filter(person_id=person_id).first()
    if account is None:
        return {}
    factors = Authenticator.objects.using("authn").filter(user_id=account.pk).order_by("pk")
    return {
        "account": {
            "email": account.email,
            "created_at": account.created_at,
            "last_sign_in": account.last_login,
            "active": account.is_active,
        },
        "second_factors": [
            {"kind": str(f.type), "created_at": f.created_at, "last_used_at": f.last_used_at} for f in factors
        ],
        "sessions": db.rows(
            "authn", "select started_at, expires_at from authn.session where user_id = %s order by 1", [account.pk]
        ),
        "invitations": db.rows(
            "authn",
            "select made_at, expires_at, used_at from authn.invitation where account_id = %s order by 1",
            [account.pk],
        ),
    }


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
