"""How long data are kept: dated rules, each for one kind of data, with a floor that no document can go below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from commonweal.core.access.documents import read
from commonweal.core.errors import Refused

# Evidence of who looked must outlive the questions that are asked about it, and a destroyed key never comes back: a
# slip in a document must not end an outbreak's line list. The database refuses less as well.
SHORTEST_DAYS: Mapping[str, int] = {"access_record": 365, "line_list_record": 30}


@dataclass(frozen=True)
class Rule:
    """Data of one kind are kept `days` days from `since`, `then` says what happens to them."""

    id: str
    data: str
    days: int
    since: str
    then: str
    source: str

    @property
    def sentence(self) -> str:
        """In words, for agreements and documents."""
        kept = f"until {self.since}" if self.days == 0 else f"{_period(self.days)} from {self.since}"
        return f"{self.data.replace('_', ' ')}: kept {kept}, then {self.then}"


@dataclass(frozen=True)
class Schedule:
    """One document of rules."""

    id: str
    version: int
    rules: tuple[Rule, ...]

    def rule(self, rule_id: str) -> Rule:
        """A rule by id. Raises `Refused` naming those there are."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise Refused(f"There is no retention rule {rule_id!r}; rules are {', '.join(r.id for r in self.rules)}.")


def read_schedule(text: str, source: str) -> Schedule:
    """Rules from YAML text. Raises `Refused` for a negative period, one below the floor, or two rules for one kind."""
    document = read(text, source, "id", "version", "rules")
    rules = tuple(
        Rule(r["id"], r["data"], int(r["days"]), r["from"], r["then"], r["source"]) for r in document["rules"]
    )
    for rule in rules:
        floor = SHORTEST_DAYS.get(rule.data, 0)
        if rule.days < floor:
            raise Refused(f"{source}: {rule.data} must be kept {floor} days or longer; {rule.id} says {rule.days}.")
    kinds = [rule.data for rule in rules]
    twice = sorted({kind for kind in kinds if kinds.count(kind) > 1})
    if twice:
        raise Refused(f"{source}: {', '.join(twice)} has two rules; keep one.")
    return Schedule(document["id"], int(document["version"]), rules)


def _period(days: int) -> str:
    years, rest = divmod(days, 365)
    if days >= 365 and rest <= years // 4 + 1:  # whole years, leap days included
        return "1 year" if years == 1 else f"{years} years"
    return "1 day" if days == 1 else f"{days} days"
