"""Reference cases against this library: pure evaluation of tables that somebody else has read.

A case is a folder of tables (CSV) and documents (JSON). What it holds decides which methods are run on it, so that any
further folder of the same shape is evaluated without being listed anywhere.
"""
