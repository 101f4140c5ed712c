"""Nowcasting: how many events will have been reported in the end, from how they are reported so far."""
