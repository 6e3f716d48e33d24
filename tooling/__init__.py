"""What `./run` is made of. Standard library only, unless a module says it runs inside `.venv`."""
