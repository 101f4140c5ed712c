"""Fictional places and outbreaks with known truth, for the demonstration, tests and benchmarks."""
