"""Fill an empty sandbox with the demo."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from accounts.models import User
from core import clock
from demo.seeding.announcements import seed_announcements
from demo.seeding.coupons import seed_coupons
from demo.seeding.people import seed_people
from demo.seeding.scenes import HISTORY_DAYS, PROMINENT, play_all
from demo.seeding.shelves import seed_shelves
from escrow.pretended import answering_here
from shop.models import Order, Product


class Command(BaseCommand):
    help = "Fill an empty sandbox: people, stores, products, one order in each state, one case in each stage."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=int, default=0, help="bulk orders to add, for measuring")
        parser.add_argument("--history", type=int, default=8, help="finished deals of the last 90 days")
        parser.add_argument("--workers", type=int, default=2, help="processes that draw pictures")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("demo people exist only in a sandbox: set SANDBOX=1")
        if User.objects.exists():
            raise CommandError("there are people here already: the demo is for an empty database")
        started, now = time.monotonic(), clock.now()
        logging.getLogger("accounts.channels").setLevel(logging.WARNING)
        # A seed cut short by a power failure is started anew; a deal is not.
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            connection.cursor().execute("PRAGMA synchronous=OFF")
        opened = now - timedelta(days=HISTORY_DAYS + 10)
        with clock.at(opened):
            users = seed_people()
        with seed_shelves(users, now=opened, first=PROMINENT, workers=options["workers"]) as products:
            self._say(started, f"{len(users)} people")
            seed_announcements(users, now=now)
            seed_coupons(users, products, opened=opened, now=now)
            with answering_here():
                played = play_all(users, products, now=now, history=options["history"])
            self._say(started, f"{played} deals played")
        self._say(started, f"{Product.objects.count()} products")
        if options["orders"]:
            from demo.seeding.bulk import add_orders

            self._say(started, f"{add_orders(options['orders'], now=now)} bulk orders")
        self._say(started, f"{Order.objects.count()} orders in all")

    def _say(self, started: float, text: str) -> None:
        self.stdout.write(f"{time.monotonic() - started:6.1f} s  {text}")
