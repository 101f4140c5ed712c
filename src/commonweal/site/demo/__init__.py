"""The demonstration: a fictional city (or Leicester in 2020) with results arriving, in a space that is not live."""
