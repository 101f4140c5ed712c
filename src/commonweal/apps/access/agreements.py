"""Agreements between tiers: offered ready to sign, accepted on one page, ended with notice. All writes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import Error

from commonweal.apps.access import actions, configuration, queries
from commonweal.apps.access.scope import Actor, refusal
from commonweal.apps.ledger import actions as ledger
from commonweal.core.access import agreements as rules
from commonweal.core.access.policies import can_accept, can_end
from commonweal.core.errors import NotAllowed, NotThere, Refused
from commonweal.web import db

PERMISSION = "accept_agreement"


def offer(place_code: str, template: str = configuration.STANDARD_AGREEMENT, parties: Sequence[str] = ()) -> str:
    """Offer an agreement for a place; returns its id.

    Parties are found by kind (the authority of the place, the national body) unless given by organisation id.
    Raises `Refused` when one is open already, `NotThere` when a party is missing.
    """
    open_now = [row for row in queries.agreements(place=place_code) if row["state"] in ("offered", "in_force")]
    running = [row for row in open_now if row["template"] == template and not row["ending"]]
    if running:
        raise Refused(f"{running[0]['id']} is {running[0]['state'].replace('_', ' ')} for {place_code} already.")
    with db.recorded("authn") as write:
        return _insert(write, place_code, template, parties)


def offer_missing(places: Sequence[str]) -> list[str]:
    """Offer the standard agreement for every place that never had one; returns the new ids."""
    have = {row["place_code"] for row in db.rows("app", "select distinct place_code from access.agreement")}
    wanted = [place for place in places if place not in have]
    if not wanted:
        return []
    with db.recorded("authn") as write:
        return [_insert(write, place, configuration.STANDARD_AGREEMENT, ()) for place in wanted]


def accept(agreement_id: str, actor: Actor) -> str:
    """Accept for the organisation of the acting office, what is offered as it is offered; returns the state after.

    Raises `NotAllowed` when the office may not or the moment does not allow it.
    """
    found = _require(agreement_id)
    office = actions.require_permission(actor.office_id, actor.person_id, PERMISSION)
    _check_party(found, office)
    answer = can_accept(queries.state_of(found), office["organisation_id"])
    if not answer:
        raise NotAllowed(answer.sentence)
    with _explained(), db.recorded("app") as write:
        write.cursor.execute(
            "insert into access.acceptance"
            " (agreement_id, organisation_id, office_id, person_id, document_hash, tick_id)"
            " values (%s, %s, %s, %s, %s, %s)",
            [
                agreement_id,
                office["organisation_id"],
                office["id"],
                actor.person_id,
                found["document_hash"],
                write.tick,
            ],
        )
        ledger.append(
            write,
            "agreement.accepted",
            agreement_id,
            places=[found["place_code"]],
            office=office["id"],
            organisation=office["organisation_id"],
            document_sha256=bytes(found["document_hash"]).hex(),
        )
    return str(_require(agreement_id)["state"])


def give_notice(agreement_id: str, actor: Actor, reason: str) -> Any:
    """End an agreement for the organisation of the acting office, after its notice; returns when it ends (aware).

    The reason is published. Raises `NotAllowed` when the office may not or the moment does not allow it.
    """
    found = _require(agreement_id)
    office = actions.require_permission(actor.office_id, actor.person_id, PERMISSION)
    _check_party(found, office)
    answer = can_end(queries.state_of(found), office["organisation_id"], reason)
    if not answer:
        raise NotAllowed(answer.sentence)
    with _explained(), db.recorded("app") as write:
        ends_at = db.fetch(
            write.cursor,
            "insert into access.agreement_end (agreement_id, organisation_id, ends_at, reason, tick_id)"
            " select id, %s, commonweal.now() + notice, %s, %s from access.agreement where id = %s returning ends_at",
            [office["organisation_id"], reason.strip(), write.tick, agreement_id],
        )[0]["ends_at"]
        ledger.append(
            write,
            "agreement.notice_given",
            agreement_id,
            places=[found["place_code"]],
            office=office["id"],
            organisation=office["organisation_id"],
            ends_at=ends_at,
            reason=reason.strip(),
        )
    return ends_at


def _insert(write: db.Recorded, place_code: str, template_id: str, given: Sequence[str]) -> str:
    template = configuration.template(template_id)
    parties = _parties(write, template, place_code, given)
    number = db.fetch(
        write.cursor,
        "select count(*) + 1 as number, commonweal.now() as now from access.agreement"
        " where template = %s and place_code = %s",
        [template_id, place_code],
    )[0]
    filled = rules.offer(
        template,
        number=number["number"],
        place_code=place_code,
        place=parties["local"][1] if "local" in parties else place_code,
        parties=parties,
        line_list=configuration.line_list(),
        schedule=configuration.schedule(),
        purposes=configuration.roles().purposes,
        now=number["now"],
    )
    values: list[Any] = [
        filled.id, filled.template, filled.version, filled.title, filled.place_code, list(filled.parties),
        list(filled.purposes), list(filled.classes), json.dumps(filled.document), filled.document_hash,
        filled.expires_at, filled.notice, write.tick,
    ]  # fmt: skip
    write.cursor.execute(
        "insert into access.agreement (id, template, version, title, place_code, parties, purposes, classes, document,"
        " document_hash, expires_at, notice, tick_id)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s)",
        values,
    )
    ledger.append(
        write,
        "agreement.offered",
        filled.id,
        places=[place_code],
        parties=filled.parties,
        document_sha256=filled.document_hash.hex(),
    )
    return filled.id


def _parties(
    write: db.Recorded, template: rules.Template, place_code: str, given: Sequence[str]
) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for party in template.parties:
        rows = db.fetch(
            write.cursor,
            "select id, name from access.organisation where kind = any (%s)"
            " and (case when cardinality(%s::text[]) > 0 then id = any (%s)"
            " else area_code is null or area_code = %s end)"
            " order by id",
            [list(party.kinds), list(given), list(given), place_code],
        )
        if len(rows) != 1:
            raise NotThere(
                f"The part {party.part!r} of the agreement for {place_code} needs one organisation, found {len(rows)}. "
                "Make it with `commonweal users authorities`, or name the parties with --party."
            )
        found[party.part] = (rows[0]["id"], rows[0]["name"])
    return found


def _require(agreement_id: str) -> dict[str, Any]:
    found = queries.agreement(agreement_id)
    if found is None:
        raise NotThere(f"There is no agreement {agreement_id!r}. List them with: commonweal agreements list")
    return found


def _check_party(found: Mapping[str, Any], office: Mapping[str, Any]) -> None:
    if office["organisation_id"] not in found["parties"]:
        raise NotAllowed(f"“{office['title']}” is no office of a party to this agreement, so it cannot answer for it.")


class _explained:
    """Turns a refusal of the database's own rules into its sentence."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Error):
            raise refusal(error) from error
