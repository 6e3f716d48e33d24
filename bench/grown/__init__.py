"""Worlds of any size, made inside PostgreSQL: `python -m bench.grown` fills the database it is given."""
