"""
A small pretended payment provider that speaks real dialects over HTTP, for demos and for the adapters' tests.

It keeps its own book in memory, imports nothing of the shop and can be told to misbehave (``faults``).
``python -m escrow.fakepay --port 8900`` serves it on this machine alone.
"""
