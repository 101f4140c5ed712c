"""Reasons and notes of records in sentences. A code reads ``field:what``; what can be mended is said with it."""

from __future__ import annotations

from collections.abc import Sequence

from commonweal.core import wording

SENTENCES = {
    "before_specimen": "{field} lies before the swab.",
    "check_digit": "{field} fails its check digit.",
    "content_differs": "This revision was sent before with other content: give the correction a higher one.",
    "differs_from_birth_date": "{field} does not fit the date of birth.",
    "differs_from_postcode": "{field} is not the one that the postcode lies in; ours is used.",
    "field_too_long": "One of its fields is longer than any value can be.",
    "foreign": "{field} is an address outside the country.",
    "future": "{field} lies in the future.",
    "impossible": "{field} is impossible.",
    "missing": "{field} is missing.",
    "nested_value": "One of its values is a list or an object; send plain values.",
    "no_fixed_address": "The person has no fixed address.",
    "no_such_time": "{field} falls into the hour that is skipped when clocks go forward.",
    "not_a_date": "{field} is not a date like 2020-06-26.",
    "not_a_number": "{field} is not a number.",
    "not_a_postcode": "{field} does not have the form of a postcode.",
    "repeated_name": "Two of its names mean the same field; leave one of them out.",
    "not_a_record": "It is no object with field names.",
    "not_given": "{field} was not given, so it counts as unknown.",
    "not_known": "{field} is not on the list of postcodes.",
    "not_true_or_false": "{field} is neither true nor false.",
    "not_unicode": "It holds letters that are not in UTF-8.",
    "nul_byte": "It holds a byte that no text has.",
    "unit_separator": "It holds a control character (unit separator) that no field may have.",
    "out_of_range": "{field} is out of range.",
    "repeated_hour": "{field} falls into the hour that is repeated when clocks go back; the first one is taken.",
    "test_site": "{field} is that of a place of testing, not a home.",
    "too_early": "{field} lies before the outbreak.",
    "too_long": "{field} is too long.",
    "unknown_code": "{field} is not one of the allowed codes.",
    "wrong_field_count": "It has more or fewer fields than the header.",
}
NAMES = {"nhs_number": "NHS number", "row": "The row"}
NEXT = {
    "rejected": "Mend it and send the record again.",
    "pending": "Find its place, or send the record again with one.",
}


def field_name(field: str) -> str:
    """'specimen_date' as 'Specimen date'."""
    return NAMES.get(field, wording.upper_first(field.replace("_", " ")))


def sentence(code: str) -> str:
    """One reason or note in words; a code without words is shown as it is rather than hidden."""
    field, _, what = code.partition(":")
    return SENTENCES[what].format(field=field_name(field)) if what in SENTENCES else code


def explained(outcome: str, reasons: Sequence[str], notes: Sequence[str] = ()) -> str:
    """Why a record has its outcome, and the next step where somebody has one to take."""
    said = [sentence(code) for code in (*reasons, *notes)]
    if outcome in NEXT and reasons:
        said.insert(len(reasons), NEXT[outcome])
    return " ".join(said)
