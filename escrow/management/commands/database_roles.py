"""
``manage.py database_roles``: the SQL that makes a role for the running application, apart from the tables' owner.

An owner can take the append-only triggers off. The role made here owns nothing: it may post and record, but neither
change nor empty what is written once (MONEY.md §2.1). Run it as the owner after every migration.
"""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

# Written once: the application adds and reads, nothing else.
WRITTEN_ONCE = (
    "core_auditentry", "core_auditseal", "accounts_loginevent", "escrow_transfer", "escrow_sealed",
    "escrow_sealednode", "escrow_checkpoint", "escrow_custodyproof", "escrow_accountcheckpoint",
)  # fmt: skip
MOVING = {  # rows stay, only these columns move
    "escrow_account": ("balance", "floor"),
    "escrow_compensation": ("status", "decided_by", "decided_at", "refusal"),
}
READ_ONLY = ("django_migrations",)


def statements(role: str) -> list[str]:
    """What makes ``role`` an application's role. Safe to repeat; the password is set by hand, never here."""
    quote = connection.ops.quote_name
    name, text = quote(role), "'" + role.replace("'", "''") + "'"
    made = [
        f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = {text}) "  # noqa: S608 - quoted above
        f"THEN CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS; END IF; END $$",
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {name}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {name}",
    ]
    made += [f"REVOKE UPDATE, DELETE, TRUNCATE ON {quote(table)} FROM {name}" for table in WRITTEN_ONCE]
    for table, columns in MOVING.items():
        made.append(f"REVOKE UPDATE, DELETE, TRUNCATE ON {quote(table)} FROM {name}")
        made.append(f"GRANT UPDATE ({', '.join(map(quote, columns))}) ON {quote(table)} TO {name}")
    made += [f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {quote(table)} FROM {name}" for table in READ_ONLY]
    return made


class Command(BaseCommand):
    help = "Print, or with --execute run, the SQL that makes the application's own PostgreSQL role."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--role", default="tashi_app")
        parser.add_argument("--execute", action="store_true", help="run it instead of printing it")

    def handle(self, *args: object, **options: str) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Roles are PostgreSQL's; SQLite has one user, who owns the file.")
        made = statements(options["role"])
        if not options["execute"]:
            self.stdout.write("".join(f"{sql};\n" for sql in made))
            return
        with transaction.atomic(), connection.cursor() as cursor:
            for sql in made:
                cursor.execute(sql)
        self.stdout.write(f"{options['role']} may post and record, but not change what is written once.")
