"""``manage.py audit_check``: is the audit trail what was written? Names the first entry that is not; exit 1."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from itertools import islice

from django.core.management.base import BaseCommand, CommandError

from core import audit_seal
from core.models import AuditEntry, AuditSeal

MOST = 20


class Command(BaseCommand):
    help = "Verify the seals of the audit trail; name what was altered, removed or slipped in (exit 1)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--head", default="", help="a head kept elsewhere that must be part of it")
        parser.add_argument("--seal", action="store_true", help="seal what waits first")

    def handle(self, *args: object, **options: str) -> None:
        if options["seal"]:
            from core.tasks import seal_audit

            seal_audit()
        try:
            expected = bytes.fromhex(options["head"]) if options["head"] else None
        except ValueError as fault:
            raise CommandError("--head is 64 hexadecimal digits") from fault
        found = list(islice(audit_seal.breaks(expected=expected), MOST))
        last = AuditSeal.objects.order_by("-id").first()
        after = last.to_id if last else 0
        waiting = AuditEntry.objects.filter(id__gt=after).count()
        self.stdout.write(f"{AuditSeal.objects.count()} seals up to entry {after}, {waiting} entries wait for theirs")
        self.stdout.write(f"head {audit_seal.newest_head() or 'none'}")
        for one in found:
            self.stdout.write(self.style.ERROR(str(one)))
        if found:
            self.stdout.write(self.style.ERROR(f"first: {found[0]}"))
            sys.exit(1)
