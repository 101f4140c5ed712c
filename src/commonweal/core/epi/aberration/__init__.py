"""Aberration detection in one series at a time, all areas at once: EARS, Farrington Flexible, CUSUMs, Bayes."""
