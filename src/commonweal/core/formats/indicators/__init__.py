"""Indicator series as others publish them: dashboard CSV, tables of middle areas, publication triangles, tidy CSV."""
