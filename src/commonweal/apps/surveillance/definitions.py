"""The metrics and sources of series that this installation knows, read once a process."""

from __future__ import annotations

from functools import cache

import yaml

from commonweal.core.formats.indicators.metrics import Metrics, metrics_from
from commonweal.core.formats.indicators.sources import Sources, sources_from
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
