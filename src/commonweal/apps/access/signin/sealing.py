"""Encryption of what sign-in keeps: session contents and second-factor secrets, under keys outside the database.

A sealed text names the version of the key that made it, so that a rotated key leaves older texts readable.
"""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from commonweal.core.errors import Refused
from commonweal.server import keys
from commonweal.server.home import Home

FAMILY = "cookies"
NONCE_BYTES = 12


def seal(text: str, use: str) -> str:
    """Encrypt and authenticate a text for one use ("session", "second factor")."""
    key = keys.current(Home.current(), FAMILY)
    nonce = os.urandom(NONCE_BYTES)
    box = nonce + _cipher(key, use).encrypt(nonce, text.encode(), use.encode())
    return f"{key.version}:{base64.urlsafe_b64encode(box).decode()}"


def unseal(sealed: str, use: str) -> str:
    """The text again. Raises `Refused` when it was not sealed here for this use."""
    version, _, box = sealed.partition(":")
    try:
        raw = base64.urlsafe_b64decode(box)
        key = keys.load(Home.current(), FAMILY, int(version))
        return _cipher(key, use).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], use.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise Refused(f"A sealed {use} cannot be opened with the keys of this installation.") from error


def _cipher(key: keys.Key, use: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), keys.KEY_BYTES, None, f"commonweal {use}".encode()).derive(key.material))
