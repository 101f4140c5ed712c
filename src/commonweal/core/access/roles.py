"""Roles: named sets of permissions and purposes from which offices are made. Code asks for permissions, never roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from commonweal.core.access.documents import read, refuse_unknown
from commonweal.core.errors import Refused

AUTHORITY_KINDS = {
    "E06": "unitary_authority",
    "E07": "lower_tier_authority",
    "E08": "unitary_authority",
    "E09": "unitary_authority",
    "E10": "upper_tier_authority",
    "N09": "unitary_authority",
    "S12": "unitary_authority",
    "W06": "unitary_authority",
}


@dataclass(frozen=True)
class Role:
    """A stable short name, what people call it, and what an office made from it may do and for what."""

    name: str
    label: str
    permissions: tuple[str, ...]
    purposes: tuple[str, ...]


@dataclass(frozen=True)
class Roles:
    """Everything in `parameters/access/roles.yaml`."""

    version: int
    permissions: Mapping[str, str]
    purposes: Mapping[str, str]
    roles: Mapping[str, Role]
    from_the_first_day: Mapping[str, tuple[str, ...]]

    def role(self, name: str) -> Role:
        """A role by its short name. Raises `Refused` naming those there are."""
        if name not in self.roles:
            raise Refused(f"There is no role {name!r}; roles are {', '.join(sorted(self.roles))}.")
        return self.roles[name]


def read_roles(text: str, source: str) -> Roles:
    """Roles from YAML text. Raises `Refused` when a role names a permission or purpose that is not described."""
    document = read(text, source, "version", "permissions", "purposes", "roles", "from_the_first_day")
    permissions, purposes = document["permissions"], document["purposes"]
    roles = {}
    for name, given in document["roles"].items():
        refuse_unknown(f"{source}, role {name}", "permissions", given["permissions"], permissions)
        refuse_unknown(f"{source}, role {name}", "purposes", given["purposes"], purposes)
        roles[name] = Role(name, given["label"], tuple(given["permissions"]), tuple(given["purposes"]))
    first = {kind: tuple(names) for kind, names in document["from_the_first_day"].items()}
    for kind, names in first.items():
        refuse_unknown(f"{source}, from_the_first_day {kind}", "roles", list(names), roles)
    return Roles(int(document["version"]), permissions, purposes, roles, first)


def authority_kind(code: str) -> str:
    """The kind of organisation that governs a place, from the first three signs of its code.

    Raises `Refused` when no authority governs places of that code (a ward, a region, a small area).
    """
    if code[:3] not in AUTHORITY_KINDS:
        raise Refused(f"{code} is no authority's code; those begin with {', '.join(sorted(AUTHORITY_KINDS))}.")
    return AUTHORITY_KINDS[code[:3]]


def office_id(role: str, code: str) -> str:
    """The short name of the office of a role in a place: `director-of-public-health-e06000016`."""
    return f"{role}-{code.lower()}"
