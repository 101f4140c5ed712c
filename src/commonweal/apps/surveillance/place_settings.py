"""What the page of a place goes by, from `parameters/`. Read once a process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from commonweal import __version__
from commonweal.core.signals.standing import Method
from commonweal.server import parameters


@dataclass(frozen=True)
class PlaceSetting:
    """Days read and shown, the classes of maps, and how estimates are made."""

    history_days: int
    shown_days: int
    rate_breaks: tuple[float, float, float, float]
    method: Method
    peers_series: str
    versions: str


@cache
def setting() -> PlaceSetting:
    """The setting in force."""
    own, reading = _document("pages/place.yaml"), _document("pages/reading.yaml")
    pathogen = _document(f"pathogens/{own['pathogen']['value']}.yaml")
    serial = pathogen["serial_interval"]
    first, second, third, fourth = (float(edge) for edge in reading["rate_breaks"]["value"])
    method = Method(
        delays=int(own["delays"]["value"]),
        least_arrival_days=int(own["least_arrival_days"]["value"]),
        least_people=int(own["least_people"]["value"]),
        least_share=float(own["least_share"]["value"]),
        least_told=float(own["least_told"]["value"]),
        delay_dispersion=float(own["delay_dispersion"]["value"]),
        complete_after=int(reading["complete_after_days"]["value"]),
        window=int(own["window_days"]["value"]),
        draws=int(own["draws"]["value"]),
        serial_mean=float(serial["mean_days"]),
        serial_sd=float(serial["sd_days"]),
        serial_days=int(own["serial_days"]["value"]),
    )
    versions = (
        f"Commonweal {__version__}; page of a place, version {own['version']}; reading of counts, version "
        f"{reading['version']}; pathogen pack {pathogen['id']}, version {pathogen['version']}."
    )
    return PlaceSetting(
        int(own["history_days"]["value"]),
        int(own["shown_days"]["value"]),
        (first, second, third, fourth),
        method,
        str(own["peers_series"]["value"]),
        versions,
    )


def _document(name: str) -> Any:
    return yaml.safe_load(parameters.text(name))
