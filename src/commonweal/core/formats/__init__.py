"""Readers and writers of file formats: bytes in, plain values or frames out."""
