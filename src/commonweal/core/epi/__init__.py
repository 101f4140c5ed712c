"""Surveillance statistics: arrays in, frozen dataclasses of arrays out; no files, clock, network or global chance.

Every series method takes all areas at once in the leading axis. Randomness is a `numpy.random.Generator` or a seed;
results do not depend on the number of threads.
"""
