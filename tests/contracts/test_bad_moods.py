"""
Each outgoing call in four bad moods: it fails before, it is done but the answer is lost, it arrives twice, the answer
comes too late. Whatever happened, asking again under the same key ends in one act.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from escrow.gateways.base import PayoutState, RefundState, Releases, Unavailable
from tests.contracts.partners import CALLS, HASTY_SECONDS, Deal, deal_with, partners

PARTNERS = partners()
MOODS = {"fail_before": False, "lose": True, "duplicate": True, "delay": True}  # mood: is it done at the first try?


@pytest.fixture(params=PARTNERS)
def deal(request, bank, shop) -> Deal:
    return deal_with(PARTNERS[request.param], bank, shop)


def create(deal: Deal) -> Callable[[], object]:
    return lambda: deal.create(key="payment:one").reference


def query(deal: Deal) -> Callable[[], object]:
    reference, _ = deal.paid()
    return lambda: deal.gateway.query_payment(reference=reference)


def close(deal: Deal) -> Callable[[], object]:
    reference = deal.create().reference
    return lambda: deal.gateway.close_payment(reference=reference)


def refund(deal: Deal) -> Callable[[], object]:
    reference, movement = deal.paid()
    ask = {"reference": reference, "movement_ref": movement, "amount": deal.money(4_000)}
    return lambda: deal.gateway.refund(key="refund:1", **ask).ref


def release(deal: Deal) -> Callable[[], object]:
    reference, _ = deal.paid()
    ask = {"reference": reference, "amount": deal.money(4_000), "destination": deal.partner.destination}
    return lambda: deal.gateway.release(key="release:1", **ask).ref


def reverse_release(deal: Deal) -> Callable[[], object]:
    reference, _ = deal.paid()
    ask = {"reference": reference, "amount": deal.money(4_000)}
    deal.gateway.release(key="release:1", destination=deal.partner.destination, **ask)
    return lambda: deal.gateway.reverse_release(key="reverse:1", release_key="release:1", **ask).ref


def payout(deal: Deal) -> Callable[[], object]:
    deal.paid()
    partner = deal.partner
    ask = {"bank": partner.bank_name, "holder": partner.holder, "number": partner.number or partner.destination}
    return lambda: deal.gateway.payout(key="payout:1", amount=deal.money(4_000), **ask).ref


ACTS = {
    "create": create, "query": query, "close": close, "refund": refund, "release": release,
    "reverse_release": reverse_release, "payout": payout,
}  # fmt: skip


def acts_done(deal: Deal, op: str) -> int:
    """How often it stands in the provider's book."""
    book = deal.book
    kinds = {"release": "release", "reverse_release": "reversal", "payout": "payout"}
    if op in kinds:
        return sum(row.kind == kinds[op] for row in book.transfers.values())
    if op == "refund":
        return len(book.refunds)
    if op == "close":
        return sum(event.kind == "payment.closed" for event in book.events)
    return len(book.charges) if op == "create" else 1


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("op", sorted(CALLS))
def test_an_act_is_done_once_whatever_the_wire_does(deal, op, mood):
    act = ACTS[op](deal)
    deal.bad(op, mood, seconds=HASTY_SECONDS * 3)
    if mood == "duplicate":
        act()
    else:
        with pytest.raises(Unavailable):
            act()
    assert not deal.book.faults.rest(), "the fault was met"
    if op != "query":
        assert acts_done(deal, op) == MOODS[mood]
    first = act()
    assert act() == first
    assert acts_done(deal, op) == 1


@pytest.mark.parametrize("mood", ["lose", "delay"])
@pytest.mark.parametrize("op", ["refund", "payout", "release", "reverse_release"])
def test_an_outcome_that_was_not_heard_can_be_asked_for(deal, op, mood):
    act = ACTS[op](deal)
    deal.bad(op, mood, seconds=HASTY_SECONDS * 3)
    with pytest.raises(Unavailable):
        act()
    assert asked_for(deal, op).status == "done"


def asked_for(deal: Deal, op: str) -> RefundState | PayoutState:
    gateway, reference = deal.gateway, deal.references[-1]
    if op == "refund":
        return gateway.query_refund(key="refund:1", reference=reference)
    if op == "payout":
        return gateway.query_payout(key="payout:1")
    if op == "release":
        return gateway.query_release(key="release:1", reference=reference)
    return gateway.query_reversal(key="reverse:1", release_key="release:1", reference=reference)


@pytest.mark.needs("Releases")
def test_what_was_never_asked_for_is_unknown_and_not_failed(deal):
    """Failed would mean that its money may go another way."""
    reference, _ = deal.paid()
    gateway = deal.gateway
    assert gateway.query_release(key="release:1", reference=reference).status == "unknown"
    gateway.release(
        key="release:1", reference=reference, amount=deal.money(4_000), destination=deal.partner.destination
    )
    assert gateway.query_reversal(key="reverse:1", release_key="release:1", reference=reference).status == "unknown"
    assert gateway.query_release(key="release:2", reference=reference).status == "unknown"


def test_who_can_pass_money_on_says_so(deal):
    can = deal.gateway.capabilities
    assert can.splits == isinstance(deal.gateway, Releases)
    assert not can.reversal_refunds or can.splits
