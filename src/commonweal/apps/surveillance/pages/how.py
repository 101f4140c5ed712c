"""'How was this computed?' of lists of signals and sweeps: methods, parameters, as of when, which versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commonweal.apps.surveillance.pages.addresses import Address
from commonweal.core import wording
from commonweal.web.pages import Computed

RESULTS = "results received from laboratories, and the loaded series"
METHODS = (
    "Authorities, counties and regions: the seven-day rate with what is still to be reported, against a line that "
    "rises with chance and with the level of all areas (the rate rule).",
    "Neighbourhoods, wards and small areas: the week against their own past and this week's level around them.",
    "Each authority with all small areas within six kilometres: scans for clusters by Poisson, by permutation in space "
    "and time, and by positive among all tests. A cluster across a boundary is one, and both sides see it.",
    "Care homes, schools, workplaces and others: as many people linked within days as define an outbreak.",
)
ADJUSTED = (
    "A p-value is adjusted for the places looked at, then for the share of its family in the budget (levels and kinds "
    "of scan); every day counts as a look of its own. So it is told when chance alone, by any method and at any level, "
    "brings one as sure in the authority less often than the budget allows.",
    "The rate rule is not in the budget: its false flags are measured on published series and come on top.",
)
MERGED = "Findings of several methods, levels and days that share small areas or a place are one signal with a life."
ORDER = "Order: what grows, what is back, what is new, what fades, what is over; within each the highest rate first."
WHERE_SET = (
    "The budget is set for every authority and year in parameters/signals/sweep.yaml, the rate rule in rule.yaml next "
    "to it; whoever runs this installation changes them there, and each sweep keeps the ones that it ran with."
)


def allowed(budget: Mapping[str, Any]) -> str:
    """The budget in words, as far as a sweep kept it."""
    whole = f"Budget: {budget['a_year']:g} false alarms a year in one authority"
    if not budget.get("shares") or "limit_days" not in budget:
        return f"{whole}."
    shares = wording.joined([f"{name} {share:.0%}" for name, share in budget["shares"].items()])
    return (
        f"{whole}, shared out to {shares}; so a finding is "
        f"told when chance alone brings one as sure less often than once in {budget['limit_days']:.0f} days."
    )


def by_sweep(sweep: Mapping[str, Any] | None) -> str:
    """The versions that a sweep ran with."""
    if not sweep:
        return "No sweep has run yet."
    return f"Newest sweep {sweep['id']}: code {sweep['code_version']}, parameters {sweep['parameters_version']}."


def of_signals(sweep: Mapping[str, Any] | None, address: Address) -> Computed:
    """Of a list of signals."""
    budget = (sweep or {}).get("budget")
    steps = (*METHODS, *((allowed(budget),) if budget else ()), *ADJUSTED, MERGED, ORDER)
    return Computed(steps, (RESULTS,), address.rests_on(by_sweep(sweep)))


def of_budget(sweep: Mapping[str, Any], address: Address) -> Computed:
    """Of alarms against the budget."""
    steps = (
        "Counted: rises and clusters that were opened in the 365 days before, in each authority; outbreaks in settings "
        "are a definition, breaks and batches explain signals away, and neither counts.",
        allowed(sweep["budget"]), *ADJUSTED, WHERE_SET,
    )  # fmt: skip
    return Computed(steps, ("signals of this installation",), address.rests_on(by_sweep(sweep)))


def of_sweeps(sweep: Mapping[str, Any], address: Address) -> Computed:
    """Of the list of sweeps."""
    steps = (
        "One run of every method over every place, or over those that results touched, as known at one moment; the "
        "same moment gives the same answer, wherever it is computed.",
        "Places: those looked at, added up over levels. Not done: places left out, and why; none stops another.",
        "Seconds: from the first read to the last answer; what each part took stands on the page of the sweep.",
    )
    return Computed(steps, ("the record that each sweep leaves",), address.rests_on(by_sweep(sweep)))


def of_life(versions: str, address: Address) -> Computed:
    """Of a signal's history and findings."""
    return Computed(
        (
            *METHODS,
            *ADJUSTED,
            MERGED,
            "Each change names the sweep and the findings that made it; none is ever altered.",
        ),
        (RESULTS,),
        address.rests_on(versions),
    )
