"""From the National Grid (OSGB36 eastings and northings, metres) to longitude and latitude (WGS84, degrees).

Transverse Mercator inverse by the series in Ordnance Survey, "A guide to coordinate systems in Great Britain", annexes
B and C, then the seven-parameter Helmert shift of the same guide. Good to about 5 m over Great Britain, which is
enough for the fictional county: it lies in the North Sea, on the Dogger Bank.
"""

from __future__ import annotations

import numpy as np

from commonweal.synthetic.chance import Floats

AIRY_A, AIRY_B = 6377563.396, 6356256.909
WGS84_A, WGS84_B = 6378137.0, 6356752.314245
SCALE, LATITUDE_0, LONGITUDE_0 = 0.9996012717, np.radians(49.0), np.radians(-2.0)
EASTING_0, NORTHING_0 = 400_000.0, -100_000.0
SHIFT_METRES = (446.448, -125.157, 542.060)
SHIFT_SCALE, SHIFT_SECONDS = -20.4894e-6, (0.1502, 0.2470, 0.8421)


def to_longitude_latitude(easting: Floats, northing: Floats) -> tuple[Floats, Floats]:
    """Longitude and latitude in degrees (WGS84) of points on the National Grid in metres."""
    latitude, longitude = _unproject(np.asarray(easting, dtype=float), np.asarray(northing, dtype=float))
    return _shift(latitude, longitude)


def _meridian(latitude: Floats) -> Floats:
    n = (AIRY_A - AIRY_B) / (AIRY_A + AIRY_B)
    less, more = latitude - LATITUDE_0, latitude + LATITUDE_0
    arc: Floats = (
        AIRY_B
        * SCALE
        * (
            (1 + n + 5 / 4 * n**2 + 5 / 4 * n**3) * less
            - (3 * n + 3 * n**2 + 21 / 8 * n**3) * np.sin(less) * np.cos(more)
            + (15 / 8 * n**2 + 15 / 8 * n**3) * np.sin(2 * less) * np.cos(2 * more)
            - 35 / 24 * n**3 * np.sin(3 * less) * np.cos(3 * more)
        )
    )
    return arc


def _unproject(easting: Floats, northing: Floats) -> tuple[Floats, Floats]:
    latitude = (northing - NORTHING_0) / (AIRY_A * SCALE) + LATITUDE_0
    for _ in range(6):  # the step shrinks a thousandfold each time
        latitude = latitude + (northing - NORTHING_0 - _meridian(latitude)) / (AIRY_A * SCALE)
    e2 = 1 - (AIRY_B / AIRY_A) ** 2
    sin, tan, sec = np.sin(latitude), np.tan(latitude), 1 / np.cos(latitude)
    nu = AIRY_A * SCALE / np.sqrt(1 - e2 * sin**2)
    rho = AIRY_A * SCALE * (1 - e2) / (1 - e2 * sin**2) ** 1.5
    eta2 = nu / rho - 1
    x = easting - EASTING_0
    latitude = (
        latitude
        - tan / (2 * rho * nu) * x**2
        + tan / (24 * rho * nu**3) * (5 + 3 * tan**2 + eta2 - 9 * tan**2 * eta2) * x**4
        - tan / (720 * rho * nu**5) * (61 + 90 * tan**2 + 45 * tan**4) * x**6
    )
    longitude = (
        LONGITUDE_0
        + sec / nu * x
        - sec / (6 * nu**3) * (nu / rho + 2 * tan**2) * x**3
        + sec / (120 * nu**5) * (5 + 28 * tan**2 + 24 * tan**4) * x**5
    )
    return latitude, longitude


def _shift(latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
    """OSGB36 to WGS84 through earth-centred coordinates; heights are taken as 0."""
    e2 = 1 - (AIRY_B / AIRY_A) ** 2
    nu = AIRY_A / np.sqrt(1 - e2 * np.sin(latitude) ** 2)
    x = nu * np.cos(latitude) * np.cos(longitude)
    y = nu * np.cos(latitude) * np.sin(longitude)
    z = nu * (1 - e2) * np.sin(latitude)
    rx, ry, rz = (np.radians(seconds / 3600) for seconds in SHIFT_SECONDS)
    size = 1 + SHIFT_SCALE
    x, y, z = (
        SHIFT_METRES[0] + size * x - rz * y + ry * z,
        SHIFT_METRES[1] + rz * x + size * y - rx * z,
        SHIFT_METRES[2] - ry * x + rx * y + size * z,
    )
    e2 = 1 - (WGS84_B / WGS84_A) ** 2
    across = np.hypot(x, y)
    turned = np.arctan2(z, across * (1 - e2))
    for _ in range(4):
        nu = WGS84_A / np.sqrt(1 - e2 * np.sin(turned) ** 2)
        turned = np.arctan2(z + e2 * nu * np.sin(turned), across)
    return np.degrees(np.arctan2(y, x)), np.degrees(turned)
