"""What an installation stands on: the PostgreSQL server, its roles, keys, spaces and folders. No Django."""
