"""The journal as a view, and a database role that can post but not rewrite."""

from __future__ import annotations

from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from core import audit, clock
from core.actor import SYSTEM
from escrow.ledger import account
from escrow.management.commands.database_roles import MOVING, WRITTEN_ONCE
from escrow.models import Transfer
from escrow.queries import books
from escrow.services import holds
from tests.factories.escrow import held, payout_account

pytestmark = [pytest.mark.django_db, pytest.mark.money]
ROLE = "tashi_app_tested"


def ask(sql: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def test_every_transfer_has_two_legs_that_come_to_nothing():
    hold = held(10_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    count = Transfer.objects.count()
    assert ask("SELECT count(*), sum(amount) FROM escrow_journal") == [(count * 2, 0)]
    wrong = "SELECT 1 FROM escrow_journal GROUP BY transfer_id HAVING count(*) <> 2 OR sum(amount) <> 0"
    assert ask(wrong) == []
    legs = ask(
        "SELECT side, amount FROM escrow_journal WHERE account_id = %s ORDER BY transfer_id", account("escrow:CNY").pk
    )
    assert legs == [("credit", 10_000), ("debit", -9_500), ("debit", -500)]


def test_the_journals_sums_are_the_balances():
    hold = held(777)
    holds.split(order_id=hold.order_id, refund_minor=70, actor=SYSTEM, reason="ruling", now=clock.now())
    sums = dict(
        ask("SELECT a.key, sum(j.amount) FROM escrow_journal j JOIN escrow_account a ON a.id = j.account_id GROUP BY 1")
    )
    assert sums == {line.key: line.balance for line in books().accounts if line.key in sums}


def test_sqlite_has_no_roles(monkeypatch):
    monkeypatch.setattr("escrow.management.commands.database_roles.connection", SimpleNamespace(vendor="sqlite"))
    with pytest.raises(CommandError):
        call_command("database_roles")


@pytest.fixture
def role():
    """The application's role in this transaction; everything is taken back after it."""
    call_command("database_roles", role=ROLE, execute=True, stdout=StringIO())
    yield ROLE
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def as_application() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")


@pytest.mark.pg
def test_the_application_can_sell_release_and_pay_out(role):
    from escrow.records import sealer
    from escrow.services import payouts

    as_application()
    hold = held(10_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id)
    assert payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now()).amount_minor == 9_500
    audit.record(actor=SYSTEM, act="test", subject_type="test", subject="1")
    assert sealer.seal(now=clock.now()) > 0
    assert books().discrepancies == []


@pytest.mark.pg
def test_the_application_cannot_rewrite_what_is_written_once(role):
    held(10_000)
    as_application()
    tries = [f"{verb} {table}" for table in WRITTEN_ONCE for verb in ("DELETE FROM", "TRUNCATE")]
    tries += [f"UPDATE {table} SET {column} = {column}" for table, column in ONE_COLUMN.items()]
    tries += [f"DELETE FROM {table}" for table in MOVING]
    tries += ["UPDATE escrow_account SET key = 'x'", "ALTER TABLE escrow_transfer DISABLE TRIGGER ALL",
              "DROP TRIGGER escrow_transfer_no_change ON escrow_transfer", "DROP TABLE escrow_transfer",
              "CREATE TABLE mine (id int)", "SET session_replication_role = replica"]  # fmt: skip
    for sql in tries:
        with pytest.raises(ProgrammingError, match=r"denied|owner"), transaction.atomic():
            ask(sql)


ONE_COLUMN = {
    "core_auditentry": "act", "core_auditseal": "to_id", "accounts_loginevent": "outcome",
    "escrow_transfer": "amount", "escrow_sealed": "leaf", "escrow_sealednode": "hash",
    "escrow_checkpoint": "root", "escrow_custodyproof": "root", "escrow_accountcheckpoint": "balance",
}  # fmt: skip


@pytest.mark.pg
def test_the_role_owns_nothing_and_the_sql_can_be_read_first(role):
    owned = "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = %s"
    assert ask(owned, ROLE) == [(0,)]
    assert set(ONE_COLUMN) == set(WRITTEN_ONCE)
    out = StringIO()
    call_command("database_roles", role="reader", stdout=out)
    assert 'REVOKE UPDATE, DELETE, TRUNCATE ON "escrow_transfer" FROM "reader"' in out.getvalue()
    assert ask("SELECT count(*) FROM pg_roles WHERE rolname = 'reader'") == [(0,)]
