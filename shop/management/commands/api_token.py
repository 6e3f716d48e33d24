"""``manage.py api_token <store>``: a token for a store's own system, printed once; ``--revoke`` closes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import tokens
from core import clock
from core.actor import SYSTEM
from core.tips import tips_at
from shop.queries.stores import store_by_slug
from shop.roles import Role


class Command(BaseCommand):
    help = "Make (or with --revoke close) a token for a store's own system. It is printed once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("store", help="slug of the store")
        parser.add_argument("--name", default="system", help="what it is for (default: system)")
        parser.add_argument(
            "--role", default=Role.MANAGER, choices=Role.values, help="what it may do (default: manager)"
        )
        parser.add_argument("--days", type=int, default=365, help="for how long (default: 365)")
        parser.add_argument("--revoke", action="store_true", help="close the store's tokens of this name")

    def handle(self, *args: Any, **options: Any) -> None:
        store, now, name = store_by_slug(slug=options["store"]), clock.now(), options["name"][:60]
        if store is None:
            raise CommandError(f"There is no store {options['store']!r}.")
        if options["revoke"]:
            closed = tokens.revoke_tokens(store_id=store.pk, name=name, actor=SYSTEM, now=now)
            self.stdout.write(f"{closed} closed")
            return
        ends = now + timedelta(days=options["days"])
        _row, secret = tokens.make_token(
            user_id=store.owner_id, store_id=store.pk, name=name, role=options["role"], expires_at=ends, actor=SYSTEM,
            now=now,
        )  # fmt: skip
        self.stdout.write(secret)
        for tip in tips_at("api_key"):
            self.stderr.write(tip.text)
