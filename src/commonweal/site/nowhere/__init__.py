"""The database nobody chose: what code gets that names no alias."""
