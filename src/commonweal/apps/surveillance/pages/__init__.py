"""What the room's pages say and show, as values; nothing here knows a database or a clock."""
