"""Views of the desk: ask, build, render."""
