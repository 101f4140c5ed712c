"""Pictures and tables of pages as files: the numbers that are shown, under the same headings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.http import HttpResponse

from commonweal.core.errors import NotThere
from commonweal.core.pictures import Picture, PictureTable
from commonweal.web import exports


def of_table(table: PictureTable, name: str, form: str, as_of: datetime, agreements: Sequence[str]) -> HttpResponse:
    """A table as CSV, XLSX or Parquet: raw values, with its title, as-of and agreement."""
    headings = [column.heading for column in table.columns]
    provenance = exports.provenance(as_of, agreements, table.caption)
    return exports.download(exports.Table(name, headings, table.rows, provenance), form)


def of_picture(picture: Picture, form: str, as_of: datetime, agreements: Sequence[str]) -> HttpResponse:
    """A picture as SVG, or its table in another form."""
    if form != "svg":
        return of_table(picture.table, picture.key, form, as_of, agreements)
    response = HttpResponse(picture.file, content_type="image/svg+xml")
    response["Content-Disposition"] = f'attachment; filename="{picture.key}.svg"'
    response["Cache-Control"] = "private, no-store"
    return response


def nothing_there(what: str) -> NotThere:
    """For a download of something that the page does not show at that moment."""
    return NotThere(f"The page shows no {what!r} at this moment, so there is nothing to download.")
