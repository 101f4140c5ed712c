"""Pages of the desk as values."""
