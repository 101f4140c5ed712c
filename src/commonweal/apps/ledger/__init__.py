"""The ledger: the space and its clock, ticks and freezes, and the append-only log."""
