"""People for a measurement: every authority's director and the national desk, agreements accepted, signed in."""

from __future__ import annotations

import json
from dataclasses import dataclass

from benchmarks.installation import Installation

SIGN_IN = """
import json, sys, time
from commonweal.site.installation import open_existing
open_existing("live")
from django.test import Client
from commonweal.apps.access import agreements, authorities, queries
from commonweal.apps.access.scope import Actor
from commonweal.apps.access.signin.models import User
from commonweal.apps.access import actions
from commonweal.web import db
places = db.rows("app", "select distinct on (code) code, coalesce(name_people_use, name) as name from places.area_now where level in ('ltla', 'utla') and code in (select code from places.scope_cover) order by code")
if len(sys.argv) == 1:
    authorities.ensure({p["code"]: p["name"] for p in places})
offices = db.rows("authn", "select id, organisation_id, title, permissions, purposes from access.office order by id")
within = sys.argv[2].lower() if len(sys.argv) > 2 else "e06"
directors = [o for o in offices if o["id"].startswith("director-of-public-health") and within in o["id"]]
desk = [o for o in offices if "national" in o["id"] and "read_records" in o["permissions"] or o["id"].startswith("national-decision")]
people = {}
wanted = {directors[0]["organisation_id"], desk[0]["organisation_id"]} if len(sys.argv) > 1 else {o["organisation_id"] for o in offices}
for organisation in sorted(wanted):
    ids = [o["id"] for o in offices if o["organisation_id"] == organisation]
    email = f"{organisation}@example.org"
    if User.objects.using("authn").filter(email=email).first() is None:
        actions.invite(email, "Bench person", ids)
    people[organisation] = User.objects.using("authn").get(email=email)
for o in offices if len(sys.argv) == 1 else []:
    if "accept_agreement" in o["permissions"]:
        actor = Actor(people[o["organisation_id"]].person_id, o["id"], o["purposes"][0])
        for a in db.rows("app", "select id from access.agreement_state where %s = any (parties) and not %s = any (accepted)", [o["organisation_id"]] * 2):
            agreements.accept(a["id"], actor)
def sign_in(office):
    client = Client(SERVER_NAME="127.0.0.1")
    user = people[office["organisation_id"]]
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    client.post("/acting/", {"acting": f"{office['id']}|{office['purposes'][0]}"})
    return "; ".join(f"{c.key}={c.value}" for c in client.cookies.values())
area = db.value("app", "select place_code from access.mandate where office_id = %s", [directors[0]["id"]])
print(json.dumps({"local": sign_in(directors[0]), "national": sign_in(desk[0]), "area": area, "local_office": directors[0]["id"], "national_office": desk[0]["id"]}))
"""


@dataclass(frozen=True)
class Visitors:
    """Cookies of a local and a national office, the code of the local one's area, and the offices by id."""

    local: str
    national: str
    area: str
    local_office: str = ""
    national_office: str = ""


def sign_in(place: Installation, *, ready: bool = False, area: str | None = None) -> Visitors:
    """Make the people and sign two of them in; `ready` when authorities stand and agreements are accepted.

    area: the code of the local one's authority; the first unitary authority if left out, or unless `ready`.
    """
    wanted = ["ready", *([area] if area else [])] if ready else []
    answer = json.loads(place.python(SIGN_IN, *wanted).output.strip().splitlines()[-1])
    return Visitors(
        answer["local"], answer["national"], answer["area"], answer["local_office"], answer["national_office"]
    )
