"""Rates and what surrounds them: intervals, standardisation, funnels, smoothing, spatial autocorrelation."""
