"""The metrics and sources of series that this installation knows and how sweeps read their past, once a process."""

from __future__ import annotations

from functools import cache

import yaml

from commonweal.core.formats.indicators.metrics import Metrics, metrics_from
from commonweal.core.formats.indicators.sources import Sources, sources_from
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
def past_rule() -> PastRule:
    """How a series is held against its own past, from `parameters/signals/sweep.yaml`."""
    return PastRule.from_document(yaml.safe_load(parameters.text("signals/sweep.yaml")))
