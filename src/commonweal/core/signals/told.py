"""What people tell us must hold no health data of anybody: obvious ones are found and refused before they are kept."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from commonweal.core.errors import Refused
from commonweal.core.signals.told_of_somebody import is_somebody_named, tells_of_one_person

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I, O, 0, 1: a reference is read out on the telephone
REFERENCE_LENGTH = 10
LONGEST, LONGEST_SETTING = 2000, 200
TOLD_BY = {
    "councillor": "A councillor",
    "faith_or_community": "Somebody of a faith or community group",
    "employer": "An employer",
    "head_teacher": "A head teacher",
    "resident": "Somebody who lives or works there",
    "other": "Somebody else",
}
OUTCOMES = {
    "acted_on": "Something was done about it",
    "kept_in_mind": "It is kept in mind",
    "known_already": "It was known already",
    "passed_on": "It was passed on to somebody else",
    "set_aside": "Nothing follows from it",
}
# in a row, with blanks or hyphens anywhere, or three, three and four with anything between
TEN_DIGITS = re.compile(r"(?<![\dA-Za-z])(?:(?:\d[ \-]?){9}\d|\d{3}\W{0,3}\d{3}\W{0,3}\d{4})(?![\dA-Za-z])")
MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)[a-z]*"
DAY = re.compile(rf"(?<!\d)(\d{{1,4}})[./\- ](\d{{1,2}}|{MONTH})[./\- ](\d{{2,4}})(?!\d)", re.IGNORECASE)
BORN = re.compile(r"\b(d\.?o\.?b\.?|date of birth|born (on|in)|birth ?day)\b", re.IGNORECASE)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
POSTCODE = re.compile(r"\b[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2}\b", re.IGNORECASE)
AGE = re.compile(
    r"\baged?\s+\d{1,3}\b(?!\s*(?:to|and|or|-|\u2013)\s*\d)|\b\d{1,3}[\s-]?(?:years?|yrs?)[\s-]old\b(?!s)"
    r"|\b\d{1,3}\s?y/?o\b",
    re.IGNORECASE,
)
# what turns, hides or breaks off the text of others on a page; joiners and marks that scripts need stay
_NOT_WORDS = frozenset({"Cc", "Cs", "Co"})
_TURNING = frozenset("\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
PHONE = re.compile(r"(?<!\d)(\+44|0)[ \-]?(\d[ \-]?){9,10}(?!\d)")
YOUNGEST_CHILD_YEARS = 2  # a day this long ago is a birthday rather than an event of the outbreak


def cleaned(words: str) -> str:
    """Words as they are kept: one kind of line end, no control or direction signs, no blanks around; composed letters.

    Text without a single letter or digit, in whatever script, is none: the empty text.
    """
    lines = words.replace("\r\n", "\n").replace("\r", "\n")
    signs = (letter for letter in lines if letter in "\n\t" or not _is_no_letter(letter))
    kept = unicodedata.normalize("NFC", "".join(signs)).strip()
    return kept if any(letter.isalnum() for letter in kept) else ""


def _is_no_letter(letter: str) -> bool:
    return letter in _TURNING or unicodedata.category(letter) in _NOT_WORDS


def refuse_health_data(words: str, today: date) -> None:
    """Raise `Refused`, naming what was found and what to do, for words that seem to hold somebody's health data.

    Looked for: NHS numbers (ten digits with a right check digit), dates of birth (said to be one, or a day more than
    two years ago), e-mail addresses and telephone numbers, and an illness of one person: a full name, a relation or
    oneself near a word of health, or an age beside a whole postcode, in one sentence. Names of places and groups
    pass, in English; it catches what is obvious, and offices read before they use.
    """
    found = next((reason for reason, seen in _seen(words, today) if seen), None)
    if found is not None:
        raise Refused(
            f"Your words seem to hold {found}. Tell us about places and days, not about single people: take it out and "
            "send the rest."
        )


def _seen(words: str, today: date) -> list[tuple[str, bool]]:
    return [
        ("an NHS number", any(_is_nhs_number(match.group()) for match in TEN_DIGITS.finditer(words))),
        ("a date of birth", bool(BORN.search(words)) or any(_long_ago(m, today) for m in DAY.finditer(words))),
        ("an e-mail address", bool(EMAIL.search(words))),
        ("a telephone number", bool(PHONE.search(words))),
        ("the name of somebody and what they have", is_somebody_named(words)),
        ("the illness of one person", tells_of_one_person(words)),
        ("the age of somebody at a postcode", _is_aged_at_a_postcode(words)),
    ]


def _is_aged_at_a_postcode(words: str) -> bool:
    """Few people of one age have a postcode in common."""
    return any(POSTCODE.search(part) and AGE.search(part) for part in re.split(r"[.!?;\n]+", words))


def _is_nhs_number(text: str) -> bool:
    """Weights 10 to 2, modulus 11; a check digit of 10 is none."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    check = 11 - sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False)) % 11
    return len(digits) == 10 and check % 11 == digits[9] and check != 10


def _long_ago(match: re.Match[str], today: date) -> bool:
    first, _, last = match.groups()
    year = int(first) if len(first) == 4 else int(last)
    if len(last) == 2 and len(first) != 4:
        year += 2000 if year <= today.year % 100 else 1900
    return 1900 <= year <= today.year - YOUNGEST_CHILD_YEARS


def reference_of(chance: bytes) -> str:
    """A reference from ten random bytes: 50 bits, read out as five and five."""
    if len(chance) < REFERENCE_LENGTH:
        raise Refused(f"{len(chance)} bytes make no reference; {REFERENCE_LENGTH} are needed.")
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in chance[:REFERENCE_LENGTH])


def typed_reference(text: str) -> str:
    """A reference as it was typed, with spaces or hyphens, in small letters."""
    return "".join(letter for letter in text.upper() if letter in ALPHABET)
