"""The checks of `checks.Checker` for one record at a time, written as one would say them.

Two uses: a handful of records (one sent by HTTP) is answered sooner this way than by array operations, and the two
versions watch each other: a property test demands the same answer from both on every generated record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from commonweal.core.intake import texts, times
from commonweal.core.intake.pathogen import PathogenPack
from commonweal.core.intake.rules import UNKNOWN, Fate
from commonweal.core.intake.schema import FALSE_WORDS, TRUE_WORDS, Field, LineList

_LONDON = ZoneInfo(times.LONDON)
_MOMENT = re.compile(
    r"((?:19|20)\d\d-\d\d-\d\d)"
    r"(?:[Tt ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?([Zz]|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?",
    re.ASCII,
)
_POSTCODE, _FOREIGN = re.compile(texts.POSTCODE_SHAPE), re.compile(texts.FOREIGN_SHAPE)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SEPARATOR = "\x1f"

Value = str | int | bool | date | datetime | None


@dataclass
class Verdict:
    """What is said of one record; the names are those of `checks.Checked`."""

    values: dict[str, Value] = field(default_factory=dict)
    reasons: list[tuple[Fate, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def fate(self) -> Fate:
        return max((fate for fate, _ in self.reasons), default=Fate.GOOD)

    def reject(self, reason: str) -> None:
        self.reasons.append((Fate.REJECTED, reason))

    def waits(self, reason: str) -> None:
        self.reasons.append((Fate.WAITS, reason))


@dataclass(frozen=True)
class Moment:
    """A datetime field as read: its London day, its instant if a time was given, its day as written."""

    day: date | None = None
    at: datetime | None = None
    written_day: date | None = None
    repeated: bool = False
    skipped: bool = False


def check_record(
    record: Mapping[str, str | None],
    line_list: LineList,
    pack: PathogenPack,
    *,
    now: datetime,
    test_sites: frozenset[str] = frozenset(),
) -> Verdict:
    """Check one record of stripped texts; what is empty is None or absent."""
    verdict = Verdict()
    moments: dict[str, Moment] = {}
    for column in line_list.fields:
        text = record.get(column.id)
        if column.sealed or column.derived:
            verdict.values[column.id] = text
        elif column.type == "datetime":
            moments[column.id] = _moment(column, text, verdict)
        else:
            verdict.values[column.id] = _value(column, text, verdict)
    _check_keys(record, line_list, verdict)
    _check_ages(record, line_list, moments["specimen_date"].day, verdict)
    _check_times(record, line_list, pack, moments, now, verdict)
    _check_postcode(record, test_sites, verdict)
    verdict.values["content"] = SEPARATOR.join(_canonical(column, record, verdict.values) for column in line_list.read)
    return verdict


def _canonical(column: Field, record: Mapping[str, str | None], values: Mapping[str, Value]) -> str:
    """The value as text, the same for every way of writing it; the text itself where it could not be read."""
    text = record.get(column.id)
    if text is None:
        return ""
    value: Value = values.get(column.id)
    if column.type == "datetime" and not column.sealed:
        value = values[times.instant_column(column.id)] or values[times.day_column(column.id)]
    if value is None:
        return text
    if isinstance(value, datetime):
        return str((value - EPOCH) // timedelta(microseconds=1))
    if isinstance(value, date):
        return str((value - EPOCH.date()).days)
    return str(int(value)) if isinstance(value, bool) else str(value)


def _value(column: Field, text: str | None, verdict: Verdict) -> Value:
    if text is None:
        if column.required and UNKNOWN in column.values:
            verdict.notes.append(f"{column.id}:not_given")
            return UNKNOWN
        if column.required and column.instead is None and not column.waits:
            verdict.reject(f"{column.id}:missing")
        return None
    if column.type == "code" and column.values:
        if text.lower() in column.values:
            return text.lower()
        _unreadable(column, "unknown_code", text, verdict)
        return None
    if column.type == "integer":
        return _integer(column, text, verdict)
    if column.type == "boolean":
        word = text.lower()
        if word in TRUE_WORDS or word in FALSE_WORDS:
            return word in TRUE_WORDS
        _unreadable(column, "not_true_or_false", text, verdict)
        return None
    if column.type == "date":
        day = _date(text)
        if day is None:
            _unreadable(column, "not_a_date", text, verdict)
        return day
    if column.type == "postcode":
        code = re.sub("[^0-9A-Z]", "", text.upper())
        if not column.waits and not _POSTCODE.match(code):
            verdict.notes.append(f"{column.id}:not_a_postcode")
        return code
    return text


def _integer(column: Field, text: str, verdict: Verdict) -> int | None:
    if not re.fullmatch(r"[+-]?[0-9]+(?:\.0+)?", text):
        _unreadable(column, "not_a_number", text, verdict)
        return None
    number = int(text.partition(".")[0][:12])
    low = column.minimum if column.minimum is not None else -(10**9)
    high = column.maximum if column.maximum is not None else 10**9
    if low <= number <= high:
        return number
    _unreadable(column, "out_of_range", text, verdict)
    return None


def _unreadable(column: Field, code: str, text: str, verdict: Verdict) -> None:
    if column.required:
        verdict.reject(f"{column.id}:{code}")
    else:
        verdict.notes.append(f"{column.id}:{code}")
        verdict.unread[column.id] = text


def _date(text: str | None) -> date | None:
    if text is None or not re.fullmatch(times.DATE_SHAPE, text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment(column: Field, text: str | None, verdict: Verdict) -> Moment:
    if text is None:
        if column.required:
            verdict.reject(f"{column.id}:missing")
        return Moment()
    match = _MOMENT.fullmatch(text)
    written_day = _date(match[1]) if match else None
    if match is None or written_day is None:
        _unreadable(column, "not_a_date", text, verdict)
        return Moment()
    if match[2] is None:
        return Moment(day=written_day, written_day=written_day)
    moment = _instant(written_day, match)
    if moment.skipped:
        _unreadable(column, "no_such_time", text, verdict)
    if moment.repeated:
        verdict.notes.append(f"{column.id}:repeated_hour")
    return moment


def _instant(day: date, match: re.Match[str]) -> Moment:
    hour, minute, second = int(match[2]), int(match[3]), int(match[4] or 0)
    clock = datetime(day.year, day.month, day.day, hour, minute, second, int((match[5] or "").ljust(6, "0")))  # noqa: DTZ001
    zone = match[6]
    if zone is None:
        first, last = clock.replace(tzinfo=_LONDON, fold=0), clock.replace(tzinfo=_LONDON, fold=1)
        at = first.astimezone(UTC)
        if at.astimezone(_LONDON).replace(tzinfo=None) != clock:
            return Moment(day=day, written_day=day, skipped=True)
        return Moment(day, at, day, repeated=first.utcoffset() != last.utcoffset())
    minutes = 0 if zone in "Zz" else int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[-2:]))
    at = clock.replace(tzinfo=UTC) - timedelta(minutes=minutes)
    return Moment(at.astimezone(_LONDON).date(), at, day)


def _check_keys(record: Mapping[str, str | None], line_list: LineList, verdict: Verdict) -> None:
    for key in ("record_id", "person_id"):
        if len(record.get(key) or "") > line_list.longest_key:
            verdict.reject(f"{key}:too_long")
    number = record.get("nhs_number")
    verdict.values["link_nhs"] = digits = _nhs_number(number)
    if number is not None and digits is None:
        verdict.notes.append("nhs_number:check_digit")
    if record.get("person_id") is None and digits is None:
        verdict.reject("person_id:missing")
    full_name = record.get("full_name")
    verdict.values["link_name"] = None if full_name is None else texts.name(full_name)


def _nhs_number(text: str | None) -> str | None:
    digits = re.sub("[ -]", "", text or "")
    if not re.fullmatch("[0-9]{10}", digits):
        return None
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return digits if check != 10 and check % 11 == int(digits[9]) else None


def _check_ages(record: Mapping[str, str | None], line_list: LineList, taken: date | None, verdict: Verdict) -> None:
    text = record.get("date_of_birth")
    written, born, age = _date(text), None, None
    if text is not None and written is None:
        verdict.notes.append("date_of_birth:not_a_date")
    if written is not None and taken is not None:
        years = taken.year - written.year - ((taken.month, taken.day) < (written.month, written.day))
        if written <= taken and years <= (line_list["age_years"].maximum or 0):
            born, age = written, years
        else:
            verdict.notes.append("date_of_birth:impossible")
    verdict.values["link_born"] = born
    given = verdict.values["age_years"]
    if isinstance(given, int) and age is not None and abs(given - age) > 1:
        verdict.notes.append("age_years:differs_from_birth_date")
    if record.get("age_years") is None:
        verdict.values["age_years"] = age
        if age is None:
            verdict.reject("age_years:missing")


def _check_times(
    record: Mapping[str, str | None],
    line_list: LineList,
    pack: PathogenPack,
    moments: Mapping[str, Moment],
    now: datetime,
    verdict: Verdict,
) -> None:
    latest, today = now + timedelta(minutes=line_list.clock_skew_minutes), times.london_day(now)
    for name, moment in moments.items():
        verdict.values[times.day_column(name)] = moment.day
        verdict.values[times.instant_column(name)] = moment.at
    taken, reported = moments["specimen_date"], moments["reported_at"]
    future = _after(taken, latest, today)
    if future:
        verdict.reject("specimen_date:future")
    if taken.day is not None and taken.day < pack.earliest_specimen:
        verdict.reject("specimen_date:too_early")
    _check_swap(record, line_list, taken, reported, future, verdict)
    for name, rejects in (("reported_at", True), ("lab_received_at", False)):
        tell = verdict.reject if rejects else verdict.notes.append
        if _before(moments[name], taken):
            tell(f"{name}:before_specimen")
        if _after(moments[name], latest, today):
            tell(f"{name}:future")
    onset = verdict.values["onset_date"]
    if isinstance(onset, date) and onset > today:
        verdict.notes.append("onset_date:future")


def _after(moment: Moment, latest: datetime, today: date) -> bool:
    return (moment.at is not None and moment.at > latest) or (moment.day is not None and moment.day > today)


def _before(moment: Moment, other: Moment) -> bool:
    if moment.at is not None and other.at is not None and moment.at < other.at:
        return True
    return moment.day is not None and other.day is not None and moment.day < other.day


def _check_swap(
    record: Mapping[str, str | None],
    line_list: LineList,
    taken: Moment,
    reported: Moment,
    future: bool,
    verdict: Verdict,
) -> None:
    near = late = False
    day = taken.written_day
    if day is not None and day.day <= 12 and reported.day is not None and taken.day is not None:
        exchanged = date(day.year, day.day, day.month)
        near = 0 <= (reported.day - exchanged).days <= line_list.swap_near_days
        late = (reported.day - taken.day).days > line_list.swap_late_days
    if re.match(times.SWAPPED_SHAPE, record.get("specimen_date") or "") or (future and near):
        verdict.reject("specimen_date:day_month_swapped?")
    elif late and near and not future:
        verdict.notes.append("specimen_date:day_month_swapped?")


def _check_postcode(record: Mapping[str, str | None], test_sites: frozenset[str], verdict: Verdict) -> None:
    code = verdict.values["postcode"]
    if record.get("postcode") is None or not isinstance(code, str):
        verdict.waits("postcode:missing")
    elif code.startswith("ZZ99"):
        verdict.waits("postcode:no_fixed_address")
    elif _POSTCODE.match(code):
        if code in test_sites:
            verdict.waits("postcode:test_site")
    elif _FOREIGN.match(code):
        verdict.waits("postcode:foreign")
    else:
        verdict.waits("postcode:not_a_postcode")
