"""A shop whose payments are held by one of the pretended providers, which passes merchants' parts on to them there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from core import clock
from core.actor import SYSTEM
from escrow import gateways
from escrow.fakepay.entries import Charge, Transfer
from escrow.ledger import account, balance
from escrow.models import Hold, Payout
from escrow.queries import books, hold_of
from escrow.services import payments
from escrow.services.payout_accounts import set_provider_account
from flows import purchase, release
from logistics.states import ShipmentStatus
from shop.models import Order
from tests.contracts.partners import Deal, deal_with, partners
from tests.stories import buyer_of, fresh, placed_order, scan, settle, ship, wait

PARTNERS = {name: partner for name, partner in partners().items() if "Releases" not in partner.lacks}
FEE = 640  # 5 % of the 12,800 of an order
NET = 12_160


@dataclass
class Passing:
    """The shop and its provider. ``name``: the provider's."""

    deal: Deal

    @property
    def name(self) -> str:
        return self.deal.gateway.name

    @property
    def can_refund_by_reversal(self) -> bool:
        return self.deal.gateway.capabilities.reversal_refunds

    def order(self, *, with_account: bool = True) -> Order:
        """An order that lies with its buyer, its money held there; its store has an account there."""
        order = placed_order()
        if with_account:
            self.account(order)
        self.deal.partner.visit(payments.start_payment(payment_id=order.payment_id))
        self.deal.book.pay(self.charge_of(order, is_paid=False).ref)
        purchase.settle_payment(payment_id=order.payment_id, now=clock.now())
        parcel = ship(fresh(order))
        for status in (ShipmentStatus.PICKED_UP, ShipmentStatus.DELIVERED):
            scan(parcel, status)
        return fresh(order)

    def account(self, order: Order) -> None:
        set_provider_account(
            store_id=order.store_id, gateway=self.name, number=self.deal.partner.destination, actor=SYSTEM,
            now=clock.now(),
        )  # fmt: skip

    def charge_of(self, order: Order, *, is_paid: bool = True) -> Charge:
        rows = [row for row in self.deal.book.charges.values() if bool(row.arrivals) is is_paid]
        return rows[-1]

    def confirmed(self, order: Order) -> Hold:
        """Its buyer has it and says so; nothing that follows has happened yet."""
        release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())
        hold = hold_of(order.pk)
        assert hold is not None
        return hold

    def released(self, order: Order) -> Payout:
        """It is confirmed, and all has happened that follows at once."""
        hold = self.confirmed(order)
        settle()
        return Payout.objects.get(hold=hold)

    def again(self, *, hours: int = 2) -> None:
        """Let the waits between two tries pass."""
        wait(hours=hours)

    def there(self, kind: str) -> list[Transfer]:
        return [row for row in self.deal.book.transfers.values() if row.kind == kind and row.state == "done"]

    def sum_there(self, kind: str) -> int:
        return sum(row.minor for row in self.there(kind))

    def agrees(self) -> bool:
        """What lies there is what our books say, and the books agree."""
        assert books().discrepancies == []
        assert -balance(account(f"provider:{self.name}:CNY")) == self.deal.book.balance("CNY")
        return True

    def his(self, order: Order) -> int:
        """The merchant's balance here."""
        return balance(account(f"merchant:{order.store_id}:CNY"))

    def owes(self, order: Order) -> int:
        return -balance(account(f"receivable:{order.store_id}:CNY"))


@pytest.fixture(params=list(PARTNERS))
def passing(request, bank, shop, settings) -> Iterator[Passing]:
    settings.PAYMENT_GATEWAYS = [request.param]
    deal = deal_with(PARTNERS[request.param], bank, shop, timeout_seconds=2)
    with gateways.use(request.param, deal.gateway):
        yield Passing(deal)
