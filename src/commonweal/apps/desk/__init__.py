"""The desk: what offices are told and must do, who is there to do it, and how each hears of it."""
