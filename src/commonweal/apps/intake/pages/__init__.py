"""The room's pages as values: each module takes what the queries gave and says what its template shows."""
