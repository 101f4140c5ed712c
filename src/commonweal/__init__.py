"""Commonweal: shared evidence, local voice, open decisions in local outbreak control."""

__version__ = "0.1.0"
