"""SHA-256 and HMAC over very many short messages, compiled: no object is made for any of them.

FIPS 180-4 and RFC 2104; a property test holds it against the library's own HMAC. Importing this module loads the
compiler, so only work on many thousands of texts does.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint32]

_BLOCK = 64
_u = np.uint32
# the first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2)
_K = np.array(
    [
        0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
        0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
        0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
        0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
        0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
        0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
        0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
        0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
    ],
    np.uint32,
)  # fmt: skip
# the same of the square roots of the first 8 primes (5.3.3)
_FIRST = np.array(
    [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19], np.uint32
)


def hmac_many(key: bytes, prefix: bytes, text: Bytes, ends: npt.NDArray[np.int64], answer: Bytes) -> None:
    """Write the first 16 bytes of HMAC-SHA-256(key, prefix + message) of each message into a row of `answer`.

    Messages lie one after another in `text` and end at `ends`; the key is at most one block (64 bytes) long.
    """
    inner, outer = _pad_state(key, 0x36), _pad_state(key, 0x5C)
    _hmac_many(inner, outer, np.frombuffer(prefix, np.uint8), text, ends, answer)


def _pad_state(key: bytes, pad: int) -> Words:
    """SHA-256's state after the key's padded block."""
    words = np.zeros(_BLOCK, np.uint32)
    words[:16] = np.frombuffer(bytes(byte ^ pad for byte in key.ljust(_BLOCK, b"\0")), ">u4")
    state = _FIRST.copy()
    _compress(state, words)
    return state


@njit(cache=True)
def _turn(word: np.uint32, by: int) -> np.uint32:
    return (word >> _u(by)) | (word << _u(32 - by))


@njit(cache=True)
def _compress(state: Words, w: Words) -> None:
    """One block of SHA-256: `w` holds its 16 words first and has room for 64."""
    for t in range(16, 64):
        x, y = w[t - 15], w[t - 2]
        sigma0 = _turn(x, 7) ^ _turn(x, 18) ^ (x >> _u(3))
        sigma1 = _turn(y, 17) ^ _turn(y, 19) ^ (y >> _u(10))
        w[t] = _u(w[t - 16] + sigma0 + w[t - 7] + sigma1)
    a, b, c, d, e, f, g, h = state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
    for t in range(64):
        first = _u(h + (_turn(e, 6) ^ _turn(e, 11) ^ _turn(e, 25)) + ((e & f) ^ (~e & g)) + _K[t] + w[t])
        second = _u((_turn(a, 2) ^ _turn(a, 13) ^ _turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)))
        h, g, f, e, d, c, b, a = g, f, e, _u(d + first), c, b, a, _u(first + second)
    state[0] += a
    state[1] += b
    state[2] += c
    state[3] += d
    state[4] += e
    state[5] += f
    state[6] += g
    state[7] += h


@njit(cache=True)
def _fill(w: Words, prefix: Bytes, text: Bytes, start: int, size: int, position: int) -> None:
    """The 16 words of the message (prefix, then `size - len(prefix)` bytes of text from `start`) at `position`.

    The padding bit follows the message, zeros follow the bit.
    """
    shift = start - len(prefix)
    for word in range(16):
        value, first = _u(0), position + 4 * word
        if first >= len(prefix) and first + 3 < size:
            i = shift + first
            w[word] = (
                (_u(text[i]) << _u(24)) | (_u(text[i + 1]) << _u(16)) | (_u(text[i + 2]) << _u(8)) | _u(text[i + 3])
            )
            continue
        for at in range(first, first + 4):
            byte = _u(0)
            if at < len(prefix):
                byte = _u(prefix[at])
            elif at < size:
                byte = _u(text[shift + at])
            elif at == size:
                byte = _u(0x80)
            value = _u((value << _u(8)) | byte)
        w[word] = value


@njit(cache=True)
def _hmac_many(
    inner: Words, outer: Words, prefix: Bytes, text: Bytes, ends: npt.NDArray[np.int64], answer: Bytes
) -> None:
    w = np.empty(64, np.uint32)
    state = np.empty(8, np.uint32)
    start = 0
    for number in range(len(ends)):
        size = len(prefix) + ends[number] - start
        state[:] = inner
        position = 0
        while True:
            _fill(w, prefix, text, start, size, position)
            last = size - position < 56
            if last:
                bits = (size + 64) * 8
                w[14], w[15] = _u(bits >> 32), _u(bits & 0xFFFFFFFF)
            _compress(state, w)
            if last:
                break
            position += 64
        for word in range(8):
            w[word] = state[word]
        w[8] = _u(0x80000000)
        w[9:15] = _u(0)
        w[15] = _u((64 + 32) * 8)
        state[:] = outer
        _compress(state, w)
        for word in range(4):
            value = state[word]
            answer[number, 4 * word] = value >> _u(24)
            answer[number, 4 * word + 1] = (value >> _u(16)) & _u(255)
            answer[number, 4 * word + 2] = (value >> _u(8)) & _u(255)
            answer[number, 4 * word + 3] = value & _u(255)
        start = ends[number]
