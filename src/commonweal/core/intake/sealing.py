"""Sealing: what identifies a person, encrypted under a data key that can be destroyed.

Each record has a data key of its own (32 random bytes), used for one message only: AES-256-GCM with a nonce of zeros,
bound to the record it belongs to. The data key is wrapped by a key from outside the database: AES-256-CTR over the data
keys of a whole chunk in one call, each from the counter stored beside it. A wrapped key that was changed opens nothing,
because the message's own tag then fails. Destroying the wrapped key destroys the message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commonweal.core.errors import Refused

KEY_BYTES = 32
COUNTER_BYTES = 16
_BLOCKS_A_KEY = KEY_BYTES // 16
_NONCE = bytes(12)
_TAG_BYTES = 16

RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True)
class Sealed:
    """One message: its wrapped data key (counter, then 32 bytes) and its ciphertext with tag."""

    wrapped_key: bytes
    payload: bytes


@dataclass(frozen=True)
class Sealer:
    """Seals and opens under one wrapping key. `key_id` is stored beside whatever it wrapped."""

    key_id: int
    key: bytes

    def seal(self, messages: Sequence[bytes], bindings: Sequence[bytes], random_bytes: RandomBytes) -> list[Sealed]:
        """Seal each message under a fresh data key, bound to the text at the same place in `bindings`."""
        if not messages:
            return []
        keys = random_bytes(KEY_BYTES * len(messages))
        start = int.from_bytes(random_bytes(COUNTER_BYTES), "big")
        wrapped = self._apply(start.to_bytes(COUNTER_BYTES, "big"), keys)
        sealed = []
        for place, (message, binding) in enumerate(zip(messages, bindings, strict=True)):
            first, last = place * KEY_BYTES, (place + 1) * KEY_BYTES
            counter = (start + place * _BLOCKS_A_KEY) % 2 ** (8 * COUNTER_BYTES)
            sealed.append(
                Sealed(
                    counter.to_bytes(COUNTER_BYTES, "big") + wrapped[first:last],
                    AESGCM(keys[first:last]).encrypt(_NONCE, message, binding),
                )
            )
        return sealed

    def open(self, sealed: Sealed, binding: bytes) -> bytes:
        """The message. Refused when the wrapped key, the message or what it is bound to is not what was sealed."""
        key = self._apply(sealed.wrapped_key[:COUNTER_BYTES], sealed.wrapped_key[COUNTER_BYTES:])
        try:
            return AESGCM(key).decrypt(_NONCE, sealed.payload, binding)
        except (InvalidTag, ValueError):
            raise Refused(
                f"The sealed fields of {binding.hex()} do not open with identity key {self.key_id}: they were sealed "
                "with another key, for another record, or were changed. Restore the key file that was used."
            ) from None

    def open_document(self, sealed: Sealed, binding_field: str) -> dict[str, Any]:
        """A JSON message that names what it is bound to in one of its own fields. Refused like `open`.

        The binding is needed before the tag can be checked, so the text is read unchecked for that field alone and
        then opened in full: a changed message, or a changed binding inside it, still fails.
        """
        try:
            binding = str(json.loads(self._unchecked(sealed))[binding_field]).encode()
        except (ValueError, KeyError, TypeError):
            binding = b""
        document: dict[str, Any] = json.loads(self.open(sealed, binding))
        return document

    def _unchecked(self, sealed: Sealed) -> bytes:
        """The text of a message without its tag: GCM enciphers in counter mode, from block 2 after its nonce."""
        key = self._apply(sealed.wrapped_key[:COUNTER_BYTES], sealed.wrapped_key[COUNTER_BYTES:])
        counter = _NONCE + (2).to_bytes(4, "big")
        return Cipher(algorithms.AES(key), modes.CTR(counter)).decryptor().update(sealed.payload[:-_TAG_BYTES])

    def _apply(self, counter: bytes, text: bytes) -> bytes:
        """AES-CTR from `counter`: wraps and unwraps."""
        return Cipher(algorithms.AES(self.key), modes.CTR(counter)).encryptor().update(text)
