"""Measurements: each module here that can be run is one of `./run bench`."""
