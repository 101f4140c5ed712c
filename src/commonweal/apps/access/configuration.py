"""The parameter documents of access, read once a process: roles, classes, agreement templates, retention."""

from __future__ import annotations

from functools import cache

from commonweal.core.access.agreements import Template, read_template
from commonweal.core.access.classes import LineList, read_line_list
from commonweal.core.access.retention import Schedule, read_schedule
from commonweal.core.access.roles import Roles, read_roles
from commonweal.core.errors import Refused
from commonweal.server import parameters

STANDARD_AGREEMENT = "public-health"


@cache
def roles() -> Roles:
    """Roles, permissions and purposes."""
    return read_roles(parameters.text("access/roles.yaml"), "access/roles.yaml")


@cache
def line_list() -> LineList:
    """Access classes and their fields."""
    return read_line_list(parameters.text("line_list/fields.yaml"), "line_list/fields.yaml")


@cache
def schedule() -> Schedule:
    """How long everything is kept."""
    return read_schedule(parameters.text("retention/standard.yaml"), "retention/standard.yaml")


@cache
def template(name: str = STANDARD_AGREEMENT) -> Template:
    """An agreement template by id. Raises `Refused` naming those there are."""
    found = {t.id: t for t in (read_template(parameters.text(n), n) for n in parameters.names("agreements"))}
    if name not in found:
        raise Refused(f"There is no agreement template {name!r}; templates are {', '.join(sorted(found))}.")
    return found[name]
