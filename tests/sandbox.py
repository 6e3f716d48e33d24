"""The sandbox bank as tests use it: over the same signed HTTP as in life, answered in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from core import clock
from escrow import pretended
from escrow.fakepay.book import Book
from escrow.fakepay.entries import Charge
from escrow.fakepay.server import Server
from escrow.models import Payment
from escrow.services import payments
from flows import purchase

bank = Server()  # the one of the running test; tests.conftest.own_wire puts it here


def book(gateway: str = "sandbox") -> Book:
    """The bank's own book of one provider."""
    return bank.dialects[pretended.DIALECTS[gateway]].book


def charge_of(payment_id: UUID) -> Charge:
    return book().charge(key=f"payment:{payment_id}")


@contextmanager
def silence(gateway: str = "sandbox") -> Iterator[None]:
    """The bank acts, and its notices wait until they are sent for."""
    bank.is_bank = False
    try:
        yield
    finally:
        for event in book(gateway).events:
            event.due_at = float("inf")
        bank.is_bank = True


def tell_shop() -> None:
    """Send what the bank still owes, also what is not due yet."""
    for name in list(bank.dialects):
        bank.notices[name].send_due(at_once=True)


def at_bank(payment_id: UUID, outcome: str, *, minor: int | None = None) -> None:
    """Go to the bank's page and do something there, without telling the shop."""
    payments.start_payment(payment_id=payment_id)
    with silence():
        act(payment_id, outcome, minor=minor)


def act(payment_id: UUID, outcome: str, *, minor: int | None = None) -> None:
    """Do something on the bank's page."""
    pretended.ask("play", "sandbox", ref=charge_of(payment_id).ref, outcome=outcome, minor=minor)


def pay_at_bank(payment_id: UUID, outcome: str = "paid", *, minor: int | None = None) -> Payment:
    """Do something at the bank and let the shop ask the bank for the truth."""
    at_bank(payment_id, outcome, minor=minor)
    return purchase.settle_payment(payment_id=payment_id, now=clock.now())
