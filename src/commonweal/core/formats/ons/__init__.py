"""Official files on places: postcodes, areas, populations, names, deprivation, boundaries.

`open_official` recognises a file by the headings it has; the reading that follows gives one shape of table for all
layouts, or refuses the file whole, naming column, row and value.
"""

from commonweal.core.formats.ons.reading import OfficialFile, open_official

__all__ = ["OfficialFile", "open_official"]
