"""What this installation knows of metrics, sources, languages and the past of series, read once a process."""

from __future__ import annotations

from functools import cache

import yaml

from commonweal.core.formats.indicators.metrics import Metrics, metrics_from
from commonweal.core.formats.indicators.sources import Sources, sources_from
from commonweal.core.signals.languages import Language, languages_from
from commonweal.core.signals.own_past import PastRule
from commonweal.server import parameters

FOLDER = "indicators"


@cache
def metrics() -> Metrics:
    """Every metric defined below `parameters/indicators`."""
    return metrics_from([yaml.safe_load(parameters.text(name)) for name in parameters.names(FOLDER)])


@cache
def sources() -> Sources:
    """Who publishes series, in the order in which they answer."""
    return sources_from(yaml.safe_load(parameters.text("series/sources.yaml")))


@cache
def languages() -> tuple[Language, ...]:
    """The languages that people choose from when they tell us something."""
    return languages_from(yaml.safe_load(parameters.text("pages/languages.yaml")))


@cache
def past_rule() -> PastRule:
    """How a series is held against its own past, from `parameters/signals/sweep.yaml`."""
    return PastRule.from_document(yaml.safe_load(parameters.text("signals/sweep.yaml")))
