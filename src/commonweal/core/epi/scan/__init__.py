"""Kulldorff scan statistics: circles and cylinders that hold more (or fewer) cases than chance explains."""
