"""Access: organisations, offices, appointments, agreements, scopes and the record of every read."""
