"""Reproduction numbers: Cori, Wallinga-Teunis and a pooled renewal model, with serial intervals."""
