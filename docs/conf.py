"""Sphinx configuration."""

from commonweal import __version__

project = "Commonweal"
author = "The Commonweal developers"
copyright = "2026, the Commonweal developers"
release = __version__
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "Commonweal"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
