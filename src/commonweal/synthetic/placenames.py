"""Names for a county that does not exist: birds and old landscape words, joined as English place names are.

No district, county or small-area name here is that of a real authority or small area (a test compares with the official
lists). The county lies under the North Sea.
"""

from __future__ import annotations

import numpy as np

CITY = "Larkminster"
COUNTY = "Wrenshire"
DISTRICTS = (
    "Siskin Hills",
    "Teal Levels",
    "Plovermoor",
    "Kestrel Vale",
    "Linnetwold",
    "Heronwater",
    "Dunlin Forest",
)
REGION = "Doggerland"
RIVER = "River Larkle"

CITY_WORDS = (
    "Weaver", "Tanner", "Cooper", "Lantern", "Arcade", "Mercer", "Bakehouse", "Clocktower", "Foundry", "Saddler",
    "Ropewalk", "Canal", "Viaduct", "Chapel", "Glover", "Hosier", "Granary", "Tollgate", "Cricket", "Pear Tree",
    "Mulberry", "Damson", "Walnut", "Bandstand", "Observatory", "Almshouse", "Beehive", "Dovecote", "Kiln", "Potter",
    "Spindle", "Bobbin", "Allotment", "Lido", "Tramway", "Exchange",
)  # fmt: skip
CITY_ENDS = ("Wharf", "Rise", "Fields", "Lanes", "Hill", "Green", "Quarter", "Row", "Basin", "Steps", "End", "Croft")
COUNTY_WORDS = (
    "Curlew", "Dipper", "Fieldfare", "Goldfinch", "Lapwing", "Nuthatch", "Osprey", "Pipit", "Redstart", "Sandpiper",
    "Shrike", "Skylark", "Snipe", "Starling", "Swift", "Turnstone", "Wagtail", "Warbler", "Whimbrel", "Whinchat",
    "Woodcock", "Yaffle", "Avocet", "Bittern", "Bunting", "Chiffchaff", "Corncrake", "Dotterel", "Fulmar", "Grebe",
    "Harrier", "Kittiwake", "Merlin", "Nightjar", "Ouzel", "Petrel",
)  # fmt: skip
COUNTY_ENDS = ("combe", "thorpe", " Magna", " Parva", "wick", "stead", " by the Water", " Underwold", "cote", "hope")
STREET_WORDS = (
    "Lantern", "Orchard", "Weaver", "Skylark", "Willow", "Harvest", "Juniper", "Meadow", "Bluebell", "Lighthouse",
    "Mosaic", "Windmill", "Compass", "Hazel", "Rowan", "Copper", "Marigold", "Primrose", "Saffron", "Tamarind",
)  # fmt: skip
STREET_ENDS = ("Road", "Street", "Lane", "Close", "Avenue", "Way", "Gardens", "Terrace", "Walk", "Court")
WORKPLACE_WORDS = (
    "Larkle", "Wrenshire", "Plover", "Fenlight", "Brightwater", "Northbank", "Goldcrest", "Tidewater", "Amberway",
    "Oakhollow",
)  # fmt: skip
WORKPLACE_KINDS = (
    "Foods",
    "Logistics",
    "Textiles",
    "Engineering",
    "Offices",
    "Stores",
    "Print",
    "Dairy",
    "Services",
    "Joinery",
)
SCHOOL_KINDS = {"primary": "Primary School", "secondary": "Academy"}
HOME_KINDS = ("Lodge", "House", "Court", "Grange", "View")


def small_area_names(rng: np.random.Generator, city: bool, count: int) -> list[str]:
    """`count` different names for small areas, each word used once before any is used again."""
    pool, ends = (CITY_WORDS, CITY_ENDS) if city else (COUNTY_WORDS, COUNTY_ENDS)
    words = [pool[i] for i in rng.permutation(len(pool))]
    shift = int(rng.integers(len(ends)))
    names = []
    for number in range(count):
        lap, place = divmod(number, len(words))
        end = ends[(place + shift + lap) % len(ends)]
        names.append(f"{words[place]} {end}" if city else f"{words[place]}{end}")
    return names
