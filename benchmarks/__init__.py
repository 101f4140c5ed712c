"""Measurements: quality on made-up outbreaks, and speed as ratios taken in one run."""
