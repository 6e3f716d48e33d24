"""Visitors that make load, in a process of their own: `python -m bench.load`, standard library only."""
