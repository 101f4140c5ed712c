"""Whether words tell of the illness of one person: a full name, a relation or oneself near a word of health.

It knows English, catches what is obvious and lets names of places and groups pass. Offices read before they use.
"""

from __future__ import annotations

import re

HEALTH = re.compile(
    r"\b(?:test(?:ed|s|ing)?\W+(?:\w+\W+){0,2}?(?:positive|negative)|(?:positive|negative)\W+(?:test|result)|positive"
    r"|covid\S*|corona\w*|the virus|symptoms?|cough\w*|fever\w*|ill|sick|poorly|unwell|infected|isolat\w+|in hospital"
    r"|died|caught|(?:has|had|got) it|flu|pneumonia|asthma\w*|diabet\w+|cancer|dementia|pregnan\w+)\b",
    re.IGNORECASE,
)
_WORD = r"[^\W\d_a-z][^\W\d_]*(?:['\u2019-][^\W\d_]+)*"
NAME = re.compile(rf"\b{_WORD}(?: (?:de|van|von|bin|al|el|ul))? {_WORD}(?:['\u2019]s)?")
_OF_SOMEBODY = (
    "son daughter wife husband partner mother father mum dad parents? brother sister child children baby nan gran "
    "grandmother grandfather grandad uncle aunt aunty cousin neighbour friend colleague boss manager teacher cleaner "
    "flatmate housemate landlord lodger"
)
_RELATIVES = "|".join(_OF_SOMEBODY.split())
_RELATION = rf"(?:my|his|her|their|our) (?:\w+ )?(?:{_RELATIVES})\b(?:['\u2019]s)?"
# Not: "their manager told people who tested positive to come in".
_STRAIGHT = r"(?:\W+(?!(?:who|that|told|tells?|said|says?|asked|asks?|lets?|made|makes?|and|people)\b)\w+){0,3}?\W+"
_ONESELF = r"I(?:['\u2019](?:m|ve)|\s+(?:am|was|have|had|got|feel|felt|caught))(?:\s+\w+)?\s+"
OF_ONE = re.compile(
    rf"\b{_RELATION}{_STRAIGHT}{HEALTH.pattern}|{HEALTH.pattern}\s+(?:of|for|is|was)\s+{_RELATION}"
    rf"|\b{_ONESELF}{HEALTH.pattern}|\bI\s+tested\s+(?:positive|negative)\b",
    re.IGNORECASE,
)
# Words of places, groups and times: a pair of capitals with one of them is no person.
_NOT_NAMES = """
a an the two three four five ten many several some nobody everybody people workers pupils staff children
residents all most few no on in at our my their his her we they it this that these those there since after
before from monday tuesday wednesday thursday friday saturday sunday january february march april may june
july august september october november december covid coronavirus nhs positive negative new test testing
tested road street lane avenue drive close way square gardens court house hall hill park green estate centre
center church chapel mosque masjid temple gurdwara mandir synagogue cathedral school academy college
university nursery primary infant junior high grammar hospital surgery clinic practice pharmacy home lodge
care foundry factory works mill mills warehouse bakery market supermarket shop stores foods food farm farms
meats crisps hotel pub club gym cafe restaurant takeaway cinema library station airport bus buses stadium
leisure sports football community group association council ward city town village north south east west
central upper lower great little saint st ltd limited plc company services group's logistics textiles garments
fashions
"""
NOT_NAMES = frozenset(_NOT_NAMES.split())
_AFTER_NO_PLACE = "a an the and on in at from since after before tested test positive negative"
_PLACE_ENDS = NOT_NAMES - frozenset(_AFTER_NO_PLACE.split())
NEAR = 40  # letters between a name and a word of health


def is_somebody_named(words: str) -> bool:
    """Whether in one sentence a full name stands near a word of health."""
    for sentence in re.split(r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bRev)[.!?;\n]+", words):
        health = [match.span() for match in HEALTH.finditer(sentence)]
        if any(
            start - NEAR <= end_of_health and end + NEAR >= begin_of_health
            for start, end in _persons(sentence)
            for begin_of_health, end_of_health in health
        ):
            return True
    return False


def _persons(sentence: str) -> list[tuple[int, int]]:
    """Full names, and titles with a surname; a pair with a word of places or groups is none."""
    found = []
    at = 0
    while match := NAME.search(sentence, at):
        first, *_, last = re.split(r"[ ]", re.sub(r"['\u2019]s$", "", match.group()).casefold())
        names_a_place = {first, last} & NOT_NAMES or sentence[match.end() :].lstrip(" ").split(" ")[0].strip(
            ",."
        ).casefold() in _PLACE_ENDS
        if not names_a_place:
            found.append(match.span())
        # of three capitals the second and third may be the name: "On Monday Ann Lee"
        at = match.start() + len(match.group().split(" ")[0]) if names_a_place else match.end()
    return found


def tells_of_one_person(words: str) -> bool:
    """Whether a relation of somebody, or whoever writes, is said to have something."""
    return bool(OF_ONE.search(words))
