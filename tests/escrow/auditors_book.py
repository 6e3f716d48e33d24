"""The auditor's own book: plain Python that knows nothing of the code and works in fractions of whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from uuid import UUID


@dataclass
class Claim:
    """What a payer's bank took of a deal: out of escrow, of what was released, of the platform's pocket."""

    escrow: int
    released: int
    lost: int
    fee: int
    credit: int
    won: bool = False


@dataclass
class Deal:
    """One hold. ``state``: held, frozen or closed; ``in_case``: frozen by a case, whatever a dispute does."""

    amount: int
    bps: int
    warned: bool
    state: str = "held"
    in_case: bool = False
    released: int = 0
    refunded: int = 0
    returned: int = 0
    fee: int = 0
    fee_back: int = 0
    claim: Claim | None = None
    waiting: int = 0  # to be passed on by the provider, not asked for yet
    gone: int = 0  # passed on, less what was asked back
    refused: bool = False  # something of it could not be passed on: now it goes to the bank

    @property
    def rest(self) -> int:
        return self.amount - self.released - self.refunded

    def fee_on(self, minor: int) -> int:
        return round(Fraction(minor * self.bps, 10_000))  # round() of a Fraction: half to even

    def fee_back_on(self, minor: int) -> int:
        """What of the fee goes back with this much of what was released: the fee on what stays is all that is due."""
        due = self.fee_on(self.released - self.returned - minor)
        return min(max(0, self.fee - due - self.fee_back), self.fee - self.fee_back)

    @property
    def left(self) -> int:
        """His part of what was released, as far as it has not been passed on."""
        return max(0, self.released - self.fee - self.returned + self.fee_back - self.waiting - self.gone)

    def close_if_empty(self) -> None:
        if not self.rest:
            self.state = "closed"


@dataclass
class Book:
    """A store's deals, its balance, what it owes, and what lies elsewhere."""

    deals: dict[UUID, Deal] = field(default_factory=dict)
    balance: int = 0
    owed: int = 0
    lost: int = 0
    sent_back: int = 0  # refunds on their way
    in_flight: int = 0  # payouts on their way
    provider: int = 0  # what lies at the provider
    asked_back: dict[object, tuple[Deal, int, Claim | None]] = field(default_factory=dict)

    @property
    def held(self) -> int:
        return sum(deal.rest for deal in self.deals.values())

    @property
    def fees(self) -> int:
        return sum(deal.fee - deal.fee_back for deal in self.deals.values())

    def capture(self, key: UUID, deal: Deal) -> None:
        self.deals[key] = deal
        self.provider += deal.amount

    def move(self, deal: Deal, *, back: int = 0, out: int = 0) -> None:
        """Out of escrow: ``back`` to the buyer, ``out`` to the merchant less the fee on all that he ever got."""
        deal.released += out
        deal.refunded += back
        fee = deal.fee_on(deal.released) - deal.fee
        deal.fee += fee
        self.balance += out - fee
        self.sent_back += back
        deal.close_if_empty()

    def give_back(self, deal: Deal, minor: int) -> int:
        """Give what is asked back of what was passed on: as much as his balance lacks."""
        fee = deal.fee_back_on(minor)
        deal.returned += minor
        deal.fee_back += fee
        self.not_passed_on(deal, deal.waiting)
        lacking = minor - fee - self.balance
        self._charge(minor - fee)
        self.sent_back += minor
        return self._ask_back(deal, lacking)

    def _ask_back(self, deal: Deal, minor: int) -> int:
        part = max(0, min(minor, deal.gone))
        deal.gone -= part
        return part

    def pass_on(self, deal: Deal) -> int:
        """Debts are netted first; then the rest of his part leaves, if the balance has it."""
        if deal.refused or deal.claim is not None:
            return 0
        part = min(deal.left, max(0, self.balance - self.owed))
        self.net()
        self.balance -= part
        self.in_flight += part
        deal.waiting += part
        return part

    def net(self) -> None:
        netted = min(self.balance, self.owed)
        self.balance -= netted
        self.owed -= netted

    def not_passed_on(self, deal: Deal, minor: int) -> None:
        """It is on the balance again, and goes to the bank from now on."""
        if minor:
            deal.waiting -= minor
            deal.refused = True
            self.in_flight -= minor
            self.balance += minor

    def passed_on(self, deal: Deal, minor: int) -> None:
        deal.waiting -= minor
        deal.gone += minor
        self.in_flight -= minor
        self.provider -= minor

    def came_back(self, deal: Deal, minor: int, *, is_there: bool) -> None:
        """What was asked back: it is there and pays what he owes, or it is not to be had."""
        if not is_there:
            deal.gone += minor
            return
        self.provider += minor
        self.balance += minor
        self.net()

    def _charge(self, minor: int) -> int:
        """Take from the merchant; what he lacks he owes."""
        credit = max(0, minor - self.balance)
        self.balance -= minor - credit
        self.owed += credit
        return credit

    def pay_out(self) -> int:
        """What he owes is netted first; the rest leaves. Give what leaves."""
        netted = min(self.balance, self.owed)
        out = self.balance - netted
        self.owed -= netted
        self.balance = 0
        self.in_flight += out
        return out

    def take(self, deal: Deal, minor: int) -> int:
        """Give what is asked back of what was passed on: as much as he lacks of what was taken."""
        part = min(minor, deal.rest + deal.released - deal.returned)
        escrow = min(part, deal.rest)
        released = part - escrow
        fee = deal.fee_back_on(released) if released else 0
        deal.refunded += escrow
        deal.returned += released
        deal.fee_back += fee
        credit = self._charge(released - fee) if released else 0
        deal.claim = Claim(escrow, released, minor - part, fee, credit)
        deal.state = "frozen" if deal.state != "closed" else "closed"
        self.lost += minor - part
        self.provider -= minor
        self.not_passed_on(deal, deal.waiting)
        lacking = self.owed - self.balance
        self.net()
        return self._ask_back(deal, min(released - fee, lacking))

    def decide(self, deal: Deal, *, won: bool) -> None:
        claim = deal.claim
        assert claim is not None
        deal.claim = None
        claim.won = won
        if won:
            repaid = min(claim.credit, self.owed)
            self.owed -= repaid
            self.balance += claim.released - repaid - claim.fee
            deal.refunded -= claim.escrow
            deal.returned -= claim.released
            deal.fee_back -= claim.fee
            self.lost -= claim.lost
            self.provider += claim.escrow + claim.released + claim.lost
        if deal.state == "frozen":
            deal.state = "frozen" if deal.in_case else "held"
            deal.close_if_empty()
