"""Pictures as SVG text: frozen data in, drawing, words and the table of the same numbers out.

Every ``draw_…`` function is pure and deterministic and returns a ``Picture``: a wide and a narrow drawing for the
page, a stand-alone file, the title, a one-sentence description made from the data, and a ``PictureTable``.
"""

from commonweal.core.pictures.age_sex import AgeBand, AgeSex, draw_age_sex
from commonweal.core.pictures.band import BandDay, ExpectedBand, draw_expected_band
from commonweal.core.pictures.choropleth import AreaMap, AreaValue, Classes, Outline, Symbols, draw_map
from commonweal.core.pictures.curve import CurveDay, CurveEvent, EpidemicCurve, draw_epidemic_curve
from commonweal.core.pictures.delays import DelayRow, Delays, draw_delays
from commonweal.core.pictures.fan import Fan, FanDay, draw_fan
from commonweal.core.pictures.funnel import FunnelLimit, FunnelPlace, FunnelPlot, draw_funnel
from commonweal.core.pictures.grown import Grown, Seen, draw_grown
from commonweal.core.pictures.parts import ChangePart, PartsOfChange, draw_parts
from commonweal.core.pictures.past import AgainstPast, Expectation, draw_against_past
from commonweal.core.pictures.picture import Picture, Words
from commonweal.core.pictures.positivity import Positivity, PositivityDay, draw_positivity
from commonweal.core.pictures.series import Series, SeriesPoint, draw_series
from commonweal.core.pictures.shapes import AreaShape, MapLine, shapes_from_geojson
from commonweal.core.pictures.small import SmallMultiples, SmallSeries, draw_small_multiples, sparkline
from commonweal.core.pictures.table import Column, PictureTable

__all__ = [
    "AgainstPast",
    "AgeBand",
    "AgeSex",
    "AreaMap",
    "AreaShape",
    "AreaValue",
    "BandDay",
    "ChangePart",
    "Classes",
    "Column",
    "CurveDay",
    "CurveEvent",
    "DelayRow",
    "Delays",
    "EpidemicCurve",
    "Expectation",
    "ExpectedBand",
    "Fan",
    "FanDay",
    "FunnelLimit",
    "FunnelPlace",
    "FunnelPlot",
    "Grown",
    "MapLine",
    "Outline",
    "PartsOfChange",
    "Picture",
    "PictureTable",
    "Positivity",
    "PositivityDay",
    "Seen",
    "Series",
    "SeriesPoint",
    "SmallMultiples",
    "SmallSeries",
    "Symbols",
    "Words",
    "draw_against_past",
    "draw_age_sex",
    "draw_delays",
    "draw_epidemic_curve",
    "draw_expected_band",
    "draw_fan",
    "draw_funnel",
    "draw_grown",
    "draw_map",
    "draw_parts",
    "draw_positivity",
    "draw_series",
    "draw_small_multiples",
    "shapes_from_geojson",
    "sparkline",
]
