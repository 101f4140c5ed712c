"""The rules of surveillance: when a place departs, what holds a signal back, and how a signal lives."""
