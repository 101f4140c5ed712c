"""Surveillance: wider series with their vintages, sweeps over places, signals and what explains them."""
