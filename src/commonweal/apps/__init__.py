"""The rooms: one Django app each, with models, actions (all writes), queries (all reads), views and forms."""
