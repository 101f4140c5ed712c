"""Places: areas, postcodes, populations, boundaries and neighbours, as official files state them."""
