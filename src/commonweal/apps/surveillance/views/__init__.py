"""The room's views: ask, build, render."""
