"""Places: the rules for postcodes, area codes, age bands, neighbours, shapes and scope."""
