"""The rules of access: who may do what, agreements between tiers, how long data are kept. Pure."""
