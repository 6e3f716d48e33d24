"""
Read the wanted size as JSON from standard input, fill the database of the settings, print whom to visit as JSON.

Without ``orders`` it is the world of the other measurements, in a process of its own.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import django
from django.core.management import call_command

BASE_PRODUCTS = 2_000


def main() -> None:
    job = json.load(sys.stdin)
    django.setup()
    from bench.grown.world import grow
    from bench.world import build

    call_command("collectstatic", interactive=False, verbosity=0)
    world = build(products=min(job["products"], BASE_PRODUCTS), orders=0)
    assert world is not None
    if not job["orders"]:
        print(json.dumps(asdict(world)))
        return
    visits = grow(world, products=job["products"], orders=job["orders"], base=BASE_PRODUCTS)
    print(json.dumps(asdict(visits)))


main()
