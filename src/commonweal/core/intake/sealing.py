"""Sealing: what identifies a person, encrypted under a data key that can be destroyed.

Each record has a data key of its own (32 random bytes), used for one message only: AES-256-GCM with a nonce of zeros,
bound to the record it belongs to. The data key is wrapped by a key from outside the database: AES-256-CTR over the data
keys of a whole chunk in one call, each from the counter stored beside it. A wrapped key that was changed opens nothing,
because the message's own tag then fails. Destroying the wrapped key destroys the message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commonweal.core.errors import Refused

KEY_BYTES = 32
COUNTER_BYTES = 16
_BLOCKS_A_KEY = KEY_BYTES // 16
# the first half of a chunk's counters is chance, the second half counts its blocks
_CHANCE_BYTES = 8
_NONCE = bytes(12)

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
        wrapped, payloads = self.seal_many(messages, bindings, random_bytes)
        return [Sealed(key, payload) for key, payload in zip(wrapped, payloads, strict=True)]

    def seal_many(
        self, messages: Sequence[bytes], bindings: Sequence[bytes], random_bytes: RandomBytes
    ) -> tuple[list[bytes], list[bytes]]:
        """The same as two lists: wrapped keys and payloads."""
        if not messages:
            return [], []
        size = KEY_BYTES * len(messages)
        keys, start = random_bytes(size), random_bytes(_CHANCE_BYTES)
        wrapped = self._apply(start + bytes(COUNTER_BYTES - _CHANCE_BYTES), keys)
        counters = np.arange(0, _BLOCKS_A_KEY * len(messages), _BLOCKS_A_KEY, dtype=">u8").tobytes()
        payloads = [
            AESGCM(keys[at : at + KEY_BYTES]).encrypt(_NONCE, message, binding)
            for at, message, binding in zip(range(0, size, KEY_BYTES), messages, bindings, strict=True)
        ]
        whole = [
            start + counters[at // 4 : at // 4 + 8] + wrapped[at : at + KEY_BYTES] for at in range(0, size, KEY_BYTES)
        ]
        return whole, payloads

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

    def _apply(self, counter: bytes, text: bytes) -> bytes:
        """AES-CTR from `counter`: wraps and unwraps."""
        return Cipher(algorithms.AES(self.key), modes.CTR(counter)).encryptor().update(text)
