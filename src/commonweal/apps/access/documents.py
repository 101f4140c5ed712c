"""The impact assessment and the record of processing, written from what is configured and running, not from memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from django.conf import settings

from commonweal.apps.access import configuration
from commonweal.apps.access.signin import accounts, sessions
from commonweal.server import parameters, roles
from commonweal.web import db

ASSESSMENT, RECORD = "impact-assessment.md", "record-of-processing.md"
MADE = "<!-- Written by `commonweal documents` from the running configuration: change that, not this page. -->"
GUARDED = """
select n.nspname || '.' || c.relname as name,
       split_part(coalesce(obj_description(c.oid, 'pg_class'), ''), ': ', 2) as about
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and not c.relispartition and c.relforcerowsecurity and n.nspname !~ '^pg_'
 order by 1
"""
STEPS = "select data, shortest::text from access.retention_step order by 1"
BODIES = "select kind, count(*) as n from access.organisation group by 1 order by 1"


@dataclass(frozen=True)
class Running:
    """What was found in the database."""

    guarded: list[dict[str, Any]]
    steps: dict[str, str]
    bodies: list[dict[str, Any]]


def written() -> dict[str, str]:
    """Both documents, by file name."""
    running = Running(
        guarded=db.rows("app", GUARDED),
        steps={row["data"]: row["shortest"] for row in db.rows("app", STEPS)},
        bodies=db.rows("app", BODIES),
    )
    return {ASSESSMENT: impact_assessment(running), RECORD: record_of_processing(running)}


def impact_assessment(running: Running) -> str:
    """One section for each item that an assessment has to cover."""
    given = yaml.safe_load(parameters.text("access/assessment.yaml"))
    sections = {
        "purpose": _purposes(),
        "lawful_basis": _lawful_basis(),
        "access_classes": _classes(),
        "retention": _retention(running),
        "small_number_policy": _small_numbers(),
        "security_controls": _controls(running),
        "review_date": [
            f"With every new version of the agreement, and at the latest when an agreement ends, "
            f"{configuration.template().valid_days} days after it was offered."
        ],
    }
    lines = [MADE, "", "# Data-protection impact assessment", ""]
    for item in configuration.line_list().impact_assessment_items:
        lines += [f"## {item.replace('_', ' ').capitalize()}", ""]
        lines += sections.get(item) or _stated(given, item)
        lines.append("")
    return "\n".join(lines)


def record_of_processing(running: Running) -> str:
    """Who processes what, for what, shared with whom, kept how long, guarded how."""
    bodies = _table(("kind of body", "number"), ((b["kind"].replace("_", " "), b["n"]) for b in running.bodies))
    offices = _table(
        ("role", "may", "for"),
        (
            (role.label, ", ".join(role.permissions).replace("_", " "), ", ".join(role.purposes).replace("_", " "))
            for role in configuration.roles().roles.values()
        ),
    )
    parts: Sequence[tuple[str, list[str]]] = (
        ("Controllers and other bodies", bodies),
        ("Purposes", _purposes()),
        ("Lawful bases", _lawful_basis()),
        ("People whose data are processed", ["People who were tested, their contacts, and staff who use the service."]),
        ("Kinds of data", _classes()),
        ("Who receives them", _receivers()),
        ("What each role may do", offices),
        ("Transfers to other countries", ["None."]),
        ("How long", _retention(running)),
        ("How they are guarded", _controls(running)),
    )  # fmt: skip
    lines = [MADE, "", "# Record of processing", ""]
    for heading, body in parts:
        lines += [f"## {heading}", "", *body, ""]
    return "\n".join(lines)


def _receivers() -> list[str]:
    template = configuration.template()
    parties = [f"- {party.part}: {', '.join(party.kinds).replace('_', ' ')}" for party in template.parties]
    return [f"Parties of the agreement “{template.id}”, version {template.version}:", "", *parties]


def _purposes() -> list[str]:
    words = configuration.roles().purposes
    return [f"- `{name}`: {words[name]}" for name in configuration.template().purposes]


def _lawful_basis() -> list[str]:
    words = configuration.line_list().lawful_basis
    return [f"- `{name}`: {words[name]}" for name in configuration.template().lawful_basis]


def _classes() -> list[str]:
    opened = configuration.template().classes
    return _table(
        ("class", "holds", "fields", "opened by the agreement"),
        (
            (
                f"{c.name} {c.label}",
                c.content,
                ", ".join(c.fields) or "counts only",
                "yes" if c.name in opened else "no",
            )
            for c in configuration.line_list().classes.values()
        ),
    )


def _retention(running: Running) -> list[str]:
    rules = configuration.schedule().rules
    done = {rule.data: "carried out here" if rule.data in running.steps else "no room here keeps it" for rule in rules}
    return _table(
        ("data", "rule", "source", "state"),
        ((r.data.replace("_", " "), r.sentence.split(": ", 1)[1], r.source, done[r.data]) for r in rules),
    )


def _small_numbers() -> list[str]:
    document = yaml.safe_load(parameters.text("line_list/fields.yaml"))
    rules = [f"- `{rule['id']}`: {_rule_words(rule)}" for rule in document["disclosure_rules"]]
    return ["Public figures leave through one door, which knows these rules:", "", *rules]


def _rule_words(rule: dict[str, Any]) -> str:
    if "text" in rule:
        return str(rule["text"])
    shown = {key: value for key, value in rule.items() if key not in ("id", "sources", "unverified")}
    return "; ".join(f"{key.replace('_', ' ')} {_plain(value)}" for key, value in shown.items())


def _plain(value: Any) -> str:
    return ", ".join(str(part).replace("_", " ") for part in value) if isinstance(value, list) else str(value)


def _controls(running: Running) -> list[str]:
    limit = _limits(settings.ACCOUNT_RATE_LIMITS["login_failed"])
    factor = "required" if settings.SECOND_FACTOR_REQUIRED else "SWITCHED OFF in this space"
    hasher = settings.PASSWORD_HASHERS[0].rsplit(".", 1)[1].removesuffix("PasswordHasher")
    return [
        f"- Sign-in: password of {settings.SHORTEST_PASSWORD} signs or more ({hasher}), second factor "
        f"{factor}; failed tries limited to {limit}.",
        f"- Sessions end after {_minutes(sessions.IDLE)} minutes without a request and after "
        f"{_minutes(sessions.LONGEST) // 60} hours; "
        "the database holds hashes of their keys and contents encrypted under keys outside it.",
        f"- One-time links work once, for {accounts.VALID_HOURS} hours; only their hash is kept.",
        f"- {sum(role.login for role in roles.ROLES)} database roles, each with its own password; "
        f"row security is passed by {', '.join(role.name for role in roles.ROLES if role.bypass_row_security)} only.",
        "- Every page needs a sign-in, a second factor and an acting office unless it is on the list of public pages.",
        "- Tables with forced row security, read only inside a scope that is entered in the access record first:",
        *(f"  - `{table['name']}`: {table['about']}" for table in running.guarded),
    ]


def _stated(given: dict[str, Any], item: str) -> list[str]:
    text = (given["statements"].get(item) or "").strip()
    owner = given["owed_by"].get(item, "the data protection officer")
    return [text or f"**Missing.** Owed by {owner}; it is written in `parameters/access/assessment.yaml`."]


def _limits(rates: str) -> str:
    """allauth's "30/15m/ip,5/15m/key" in words."""
    whose = {"ip": "from one address", "key": "for one account"}
    parts = [rate.split("/") for rate in rates.split(",")]
    return " and ".join(f"{n} in {time} {whose[per]}" for n, time, per in parts)


def _minutes(period: Any) -> int:
    return int(period.total_seconds() // 60)


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return lines + [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
