"""What the desk adds around every page: 'For you: 2', leading to what waits; whom to ask; what was said about it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from commonweal.apps.access import acting
from commonweal.apps.desk import pinned, waiting
from commonweal.apps.desk.waiting import Who
from commonweal.web import db
from commonweal.web.pages import Asking, Shell, Waiting

# Whoever has no number or is away is passed over: a name alone helps nobody at night.
ASKED = """
select p.name, f.phone from (
  select d.person_id, 0 as rank from desk.on_duty(array[%(organisation)s], commonweal.now()) d
  union all
  select t.person_id, 1 from desk.people_of(array(select o.id from access.office o
     where o.organisation_id = %(organisation)s and 'keep_rota' = any (o.permissions))) t
   where t.living and t.away_until is null
  ) asked join access.person p on p.id = asked.person_id join desk.phone_now f on f.person_id = p.id
 order by rank, p.name limit 1
"""


def who(request: HttpRequest) -> Who:
    """The person with every office they hold now: what waits for one of them waits for the person."""
    seats = acting.seats(request)
    person = UUID(seats[0].person_id) if seats else None
    return Who(tuple(seat.office_id for seat in seats), person, now())


def now() -> datetime:
    """The space's clock."""
    found = db.value("app", "select commonweal.now()")
    if not isinstance(found, datetime):
        raise TypeError(f"The database's clock gave {found!r} instead of a timestamp.")
    return found


def whom_to_ask(organisation: str) -> Asking:
    """A name with a number: who is on duty, else who keeps the rota, else the operator of this installation."""
    row = db.one("app", ASKED, {"organisation": organisation}) if organisation else None
    return Asking(row["name"], row["phone"]) if row is not None else operator()


def operator() -> Asking:
    """Whom a page names to somebody who is not signed in, and where nobody of one's own has given a number."""
    return Asking(
        os.environ.get("COMMONWEAL_HELP_NAME", "The operator of this service"),
        os.environ.get("COMMONWEAL_HELP_PHONE", ""),
    )


def add(request: HttpRequest, shell: Shell) -> Shell:
    """The shell with what waits counted in; whom to ask and where to practise also for who is not signed in."""
    if not acting.seats(request):
        return replace(shell, asking=operator(), practise=reverse("desk:practise"))
    count = len(waiting.for_offices(who(request)))
    seat = acting.seat(request) or acting.seats(request)[0]
    page = pinned.page_of(request)
    actor = acting.actor(request)
    return replace(
        shell,
        asking=whom_to_ask(seat.organisation_id),
        talk=f"{reverse('desk:talk')}?{urlencode({'pin': page})}",
        said=pinned.counts(actor, page) if actor else {},
        keep=f"{reverse('desk:search')}?{urlencode({'keep': request.get_full_path()})}"
        if request.method == "GET"
        else "",
        practise=reverse("desk:practise"),
        waiting=Waiting(count, reverse("desk:today") + "#waiting"),
        search=reverse("desk:search"),
        search_words=request.GET.get("q", "")[:100] if request.path == reverse("desk:search") else "",
    )


def _to_keep(request: HttpRequest) -> str:
    """Where the page is kept under a name, with everything chosen on it."""
    if request.method != "GET":
        return ""
    return f"{reverse('desk:search')}?{urlencode({'keep': request.get_full_path()})}"
