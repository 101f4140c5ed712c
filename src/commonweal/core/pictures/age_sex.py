"""Age and sex: one pair of bars for each age band, women and girls to the left, men and boys to the right."""

from __future__ import annotations

from dataclasses import dataclass

from commonweal.core import wording
from commonweal.core.errors import Refused
from commonweal.core.pictures import frame, palette
from commonweal.core.pictures.picture import Drawing, Picture, Sheet, Words, compose, shorten, text_width
from commonweal.core.pictures.scale import value_axis
from commonweal.core.pictures.svg import hatch, label, line, rectangle
from commonweal.core.pictures.table import Column, PictureTable

ROW = 27.0


@dataclass(frozen=True)
class AgeBand:
    """People of one age band by sex; ``residents`` is the population of the band, for its rate."""

    name: str
    female: int
    male: int
    residents: int | None = None

    @property
    def total(self) -> int:
        return self.female + self.male

    @property
    def rate(self) -> float | None:
        """People per 100,000 residents of the band."""
        return 100_000 * self.total / self.residents if self.residents else None


@dataclass(frozen=True)
class AgeSex:
    """``bands`` from youngest to oldest; ``not_recorded`` people have no age or no sex in their records."""

    place: str
    period: str
    bands: tuple[AgeBand, ...]
    source: str
    known: str
    not_recorded: int = 0
    population_note: str = ""
    who: str = "People who tested positive"

    @property
    def total(self) -> int:
        return sum(band.total for band in self.bands) + self.not_recorded


def draw_age_sex(data: AgeSex, key: str = "age-sex") -> Picture:
    """The picture with its table. Raises Refused for no band or a negative count."""
    if not data.bands:
        raise Refused("A picture of age and sex was given no age band. Show the empty state instead.")
    for band in data.bands:
        if min(band.female, band.male) < 0:
            raise Refused(f"Age band {band.name}: {band.female} and {band.male} people. Counts cannot be negative.")
    title = f"{data.who} in {data.place} by age and sex, {data.period}"
    words = Words(title, describe(data), data.source, data.known)
    return compose(key, words, lambda sheet, prefix: sketch(data, sheet, prefix), table(data, title))


def describe(data: AgeSex) -> str:
    female, male = sum(band.female for band in data.bands), sum(band.male for band in data.bands)
    parts = [f"{wording.thousands(female)} women and girls, {wording.thousands(male)} men and boys"]
    if data.not_recorded:
        parts.append(f"{wording.thousands(data.not_recorded)} without age or sex recorded")
    most = max(data.bands, key=lambda band: band.total)
    if most.total:
        parts.append(f"most aged {most.name} ({wording.thousands(most.total)})")
    return f"{data.who} in {data.place}, {data.period}: {wording.thousands(data.total)}; {'; '.join(parts)}."


def table(data: AgeSex, title: str) -> PictureTable:
    columns = [Column("Age", numeric=False), Column("Women and girls"), Column("Men and boys"), Column("All")]
    with_rates = any(band.residents for band in data.bands)
    if with_rates:
        columns += [Column("Residents"), Column("Per 100,000 residents", decimals=1)]
    rows = [
        (band.name, band.female, band.male, band.total, *((band.residents, band.rate) if with_rates else ()))
        for band in reversed(data.bands)
    ]
    if data.not_recorded:
        rows.append(("Age or sex not recorded", None, None, data.not_recorded, *((None, None) if with_rates else ())))
    return PictureTable(title, tuple(columns), tuple(rows))


def sketch(data: AgeSex, sheet: Sheet, prefix: str) -> Drawing:
    """Two halves around a column of age bands, the oldest on top; each bar carries its number."""
    items = [
        frame.LegendItem("Women and girls", fill=palette.BLUE),
        frame.LegendItem("Men and boys", fill=f"url(#{prefix}-male)", stroke=palette.BLUE),
    ]
    keys, top = frame.legend(items, sheet)
    names = {band.name: shorten(band.name, sheet.width * 0.4, sheet.text) for band in data.bands}
    middle = max(text_width(name, sheet.text) for name in names.values()) + 16
    left, right = (sheet.width - middle) / 2, (sheet.width + middle) / 2
    most = max(max(band.female, band.male) for band in data.bands)
    axis = value_axis(most, left - text_width(wording.thousands(most), sheet.text) - 8, 0)
    body = [keys]
    for at, band in enumerate(reversed(data.bands)):
        y = top + 4 + ROW * at
        female, male = axis.length(band.female), axis.length(band.male)
        body += [
            label(sheet.width / 2, y + 17, names[band.name], anchor="middle"),
            rectangle(left - female, y, female, ROW - 6, fill=palette.BLUE) if band.female else "",
            rectangle(right, y, male, ROW - 6, fill=f"url(#{prefix}-male)", stroke=palette.BLUE) if band.male else "",
            label(left - female - 5, y + 16, wording.thousands(band.female), anchor="end"),
            label(right + male + 5, y + 16, wording.thousands(band.male)),
        ]
    bottom = top + 4 + ROW * len(data.bands)
    body += [line(x, top, x, bottom, stroke=palette.INK) for x in (left, right)]
    body.append(label(sheet.width / 2, bottom + 20, "People, by age in years", anchor="middle"))
    return Drawing("".join(body), bottom + 28, hatch(f"{prefix}-male", palette.LIGHT_BLUE))
