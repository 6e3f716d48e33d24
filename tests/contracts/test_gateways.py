"""One suite over all adapters of the port, against the pretended provider on a socket."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from escrow.gateways.base import (
    BadSignature,
    GivesStatements,
    Malformed,
    Refused,
    Releases,
    TellsBalance,
    TellsDisputes,
)
from tests.contracts.partners import Deal, deal_with, partners

PARTNERS = partners()


@pytest.fixture(params=PARTNERS)
def deal(request, bank, shop) -> Deal:
    return deal_with(PARTNERS[request.param], bank, shop)


# --- paying -----------------------------------------------------------------------------------------------------------


def test_a_payment_is_opened_once_under_its_key(deal):
    first, second = deal.create(key="payment:one"), deal.create(key="payment:one")
    assert first.reference == second.reference
    assert 0 < len(first.reference) <= 80
    assert first.url or first.qr
    assert (deal.charge.minor, deal.charge.currency) == (10_000, deal.partner.currency)


@pytest.mark.needs("create")
def test_a_key_is_not_taken_for_another_amount(deal):
    deal.create(key="payment:one")
    with pytest.raises(Refused):
        deal.create(10_001, key="payment:one")
    assert deal.charge.minor == 10_000


def test_an_unpaid_payment_is_open(deal):
    state = deal.gateway.query_payment(reference=deal.create().reference)
    assert (state.status, state.movements) == ("open", ())


def test_a_paid_payment_tells_its_money_and_whose_it_is(deal):
    reference = deal.create().reference
    deal.book.pay(deal.charge.ref)
    for _ in range(2):
        state = deal.gateway.query_payment(reference=reference)
        (movement,) = state.movements
        assert (state.status, movement.amount, state.payee) == ("paid", deal.money(10_000), deal.gateway.payee)
        assert abs((movement.at - datetime.now(UTC)).total_seconds()) < 60
        assert 0 < len(movement.ref) <= 80


def test_another_amount_is_told_as_it_came(deal):
    reference = deal.create().reference
    deal.book.pay(deal.charge.ref, minor=9_999)
    (movement,) = deal.gateway.query_payment(reference=reference).movements
    assert movement.amount == deal.money(9_999)


@pytest.mark.needs("declines")
def test_a_declined_payment_says_why(deal):
    reference = deal.create().reference
    deal.book.decline(deal.charge.ref)
    state = deal.gateway.query_payment(reference=reference)
    assert (state.status, state.movements) == ("declined", ())
    assert state.reason


def test_a_payment_nobody_knows_is_refused(deal):
    deal.create()
    with pytest.raises(Refused):
        deal.gateway.refund(key="refund:1", reference="unknown", movement_ref="unknown", amount=deal.money(1))


# --- closing ----------------------------------------------------------------------------------------------------------


def test_a_closed_payment_takes_no_more_money(deal):
    reference = deal.create().reference
    assert [deal.gateway.close_payment(reference=reference) for _ in range(2)] == ["closed", "closed"]
    assert deal.gateway.query_payment(reference=reference).status == "closed"
    assert deal.charge.state == "closed"


def test_a_paid_payment_cannot_be_closed(deal):
    reference, _ = deal.paid()
    assert deal.gateway.close_payment(reference=reference) == "already_paid"
    assert deal.gateway.query_payment(reference=reference).status == "paid"


def test_money_that_comes_after_the_close_is_not_lost(deal):
    reference = deal.create().reference
    deal.bad("close", "late")
    assert deal.gateway.close_payment(reference=reference) == "closed"
    (movement,) = deal.gateway.query_payment(reference=reference).movements
    assert movement.amount == deal.money(10_000)


# --- notices ----------------------------------------------------------------------------------------------------------


def test_a_notice_names_the_payment(deal):
    reference, _ = deal.paid()
    deal.send_notices()
    heard = [deal.gateway.parse_notice(raw_body=body, headers=headers) for headers, body in deal.shop.got]
    assert [(notice.kind, notice.payment_reference) for notice in heard] == [("payment", reference)]
    assert 0 < len(heard[0].event_id) <= 120


def test_the_same_notice_again_has_the_same_number(deal):
    deal.paid()
    deal.bad("notice", "duplicate")
    deal.send_notices()
    heard = {deal.gateway.parse_notice(raw_body=body, headers=headers).event_id for headers, body in deal.shop.got}
    assert (len(deal.shop.got), len(heard)) == (2, 1)


def test_an_altered_notice_is_not_believed(deal):
    deal.paid()
    deal.send_notices()
    ((headers, body),) = deal.shop.got
    for altered in (body[:-1], body + b" ", body.replace(b"1", b"2", 1), b"{}", b""):
        with pytest.raises((BadSignature, Malformed)):
            deal.gateway.parse_notice(raw_body=altered, headers=headers)


def test_an_unsigned_notice_is_not_believed(deal):
    deal.paid()
    deal.send_notices()
    ((_, body),) = deal.shop.got
    with pytest.raises((BadSignature, Malformed)):
        deal.gateway.parse_notice(raw_body=body.split(b"&sign=")[0], headers={"content-type": "application/json"})


# --- refunds ----------------------------------------------------------------------------------------------------------


def test_a_refund_goes_out_once(deal):
    reference, movement = deal.paid()
    key = deal.key("refund")
    ask = {"key": key, "reference": reference, "movement_ref": movement, "amount": deal.money(4_000)}
    states = [deal.gateway.refund(**ask) for _ in range(3)]
    assert len({state.ref for state in states}) == 1
    assert deal.gateway.query_refund(key=key, reference=reference).status == "done"
    assert [row.minor for row in deal.book.refunds.values()] == [4_000]


def test_refunds_keep_within_what_arrived(deal):
    reference, movement = deal.paid()

    def refund(minor: int, key: str) -> str:
        ask = {"reference": reference, "movement_ref": movement, "amount": deal.money(minor)}
        return deal.gateway.refund(key=key, **ask).status

    first, second, third = (deal.key("refund") for _ in range(3))
    refund(6_000, first)
    with pytest.raises(Refused):
        refund(4_001, second)
    refund(4_000, third)
    assert sum(row.minor for row in deal.book.refunds.values()) == 10_000
    assert deal.gateway.query_refund(key=second, reference=reference).status in ("unknown", "failed")


def test_a_refund_key_is_not_taken_for_another_amount(deal):
    reference, movement = deal.paid()
    key = deal.key("refund")
    deal.gateway.refund(key=key, reference=reference, movement_ref=movement, amount=deal.money(1_000))
    with pytest.raises(Refused):
        deal.gateway.refund(key=key, reference=reference, movement_ref=movement, amount=deal.money(1_001))
    assert [row.minor for row in deal.book.refunds.values()] == [1_000]


def test_a_refund_nobody_asked_for_is_unknown(deal):
    reference, _ = deal.paid()
    assert deal.gateway.query_refund(key="refund:999", reference=reference).status == "unknown"


@pytest.mark.parametrize(("mood", "end"), [("pending", "done"), ("pending_failed", "failed")])
def test_a_refund_may_take_days(deal, mood, end):
    reference, movement = deal.paid()
    key = deal.key("refund")
    deal.bad("refund", mood)
    state = deal.gateway.refund(key=key, reference=reference, movement_ref=movement, amount=deal.money(4_000))
    assert state.status == "pending"
    assert deal.gateway.query_refund(key=key, reference=reference).status == "pending"
    (row,) = deal.book.refunds.values()
    deal.book.decide_refund(row.ref)
    assert deal.gateway.query_refund(key=key, reference=reference).status == end


# --- releases ---------------------------------------------------------------------------------------------------------


@pytest.mark.needs("Releases")
def test_a_payment_is_released_in_parts(deal):
    reference, _ = deal.paid()
    first, second, third = (deal.key("release") for _ in range(3))

    def release(minor: int, key: str) -> str:
        ask = {"reference": reference, "amount": deal.money(minor), "destination": deal.partner.destination}
        return deal.gateway.release(key=key, **ask).ref

    assert release(6_000, first) == release(6_000, first)
    with pytest.raises(Refused):
        release(4_001, second)
    with pytest.raises(Refused):
        release(5_999, first)
    release(4_000, third)
    assert sorted(row.minor for row in deal.book.transfers.values()) == [4_000, 6_000]
    assert {row.to for row in deal.book.transfers.values()} == {deal.partner.destination}


@pytest.mark.needs("Releases")
def test_a_release_is_taken_back_once(deal):
    reference, _ = deal.paid()
    key, back = deal.key("release"), deal.key("reverse")
    deal.gateway.release(key=key, reference=reference, amount=deal.money(6_000), destination=deal.partner.destination)

    def take_back(minor: int, with_key: str) -> None:
        deal.gateway.reverse_release(key=with_key, release_key=key, reference=reference, amount=deal.money(minor))

    take_back(5_000, back)
    take_back(5_000, back)
    with pytest.raises(Refused):
        take_back(1_001, deal.key("reverse"))
    assert [row.minor for row in deal.book.transfers.values() if row.kind == "reversal"] == [5_000]


# --- payouts ----------------------------------------------------------------------------------------------------------


def pay_out(deal: Deal, key: str, minor: int = 3_000):
    partner = deal.partner
    ask = {"bank": partner.bank_name, "holder": partner.holder, "number": partner.number or partner.destination}
    return deal.gateway.payout(key=key, amount=deal.money(minor), **ask)


@pytest.mark.needs("payouts")
def test_a_payout_goes_out_once(deal):
    deal.paid()
    key = deal.key("payout")
    assert deal.gateway.query_payout(key=key).status == "unknown"
    states = [pay_out(deal, key) for _ in range(2)]
    assert states[0].ref == states[1].ref == deal.gateway.query_payout(key=key).ref
    assert deal.gateway.query_payout(key=key).status == "done"
    with pytest.raises(Refused):
        pay_out(deal, key, 3_001)
    assert [row.minor for row in deal.book.transfers.values()] == [3_000]


@pytest.mark.needs("payouts")
def test_no_payout_without_money(deal):
    deal.paid()
    key = deal.key("payout")
    with pytest.raises(Refused):
        pay_out(deal, key, 10_001)
    assert not deal.book.transfers


@pytest.mark.needs("payouts")
def test_a_payout_that_comes_back_has_failed(deal):
    deal.paid()
    key = deal.key("payout")
    deal.bad("payout", "returned")
    pay_out(deal, key)
    assert deal.gateway.query_payout(key=key).status == "failed"


# --- what else a provider may tell ------------------------------------------------------------------------------------


@pytest.mark.needs("TellsBalance")
def test_the_balance_is_what_lies_there(deal):
    reference, movement = deal.paid()
    deal.gateway.refund(key=deal.key("refund"), reference=reference, movement_ref=movement, amount=deal.money(1_000))
    balance = deal.gateway.balance(currency=deal.partner.currency)
    assert (balance.amount, balance.source) == (deal.money(9_000), "provider")


@pytest.mark.needs("TellsDisputes")
@pytest.mark.parametrize("end", ["won", "lost"])
def test_a_payers_bank_takes_the_money_back(deal, end):
    reference, _ = deal.paid()
    deal.send_notices()
    deal.shop.got.clear()
    row = deal.book.open_dispute(deal.charge.ref, minor=4_000)
    deal.send_notices()
    heard = [deal.gateway.parse_notice(raw_body=body, headers=headers) for headers, body in deal.shop.got]
    assert {notice.kind for notice in heard} == {"dispute"}
    (ref,) = {notice.dispute_ref for notice in heard}
    told = deal.gateway.query_dispute(ref=ref)
    assert (told.status, told.amount, told.payment_reference) == ("open", deal.money(4_000), reference)
    deal.book.decide_dispute(row.ref, end)
    assert deal.gateway.query_dispute(ref=ref).status == end


@pytest.mark.needs("GivesStatements")
def test_the_statement_has_every_movement(deal):
    deal.book.fee_bps = 60
    reference, movement = deal.paid()
    deal.gateway.refund(key=deal.key("refund"), reference=reference, movement_ref=movement, amount=deal.money(1_000))
    statement = deal.gateway.statement(day=datetime.now(ZoneInfo(deal.partner.zone)).date())
    by_kind = {row.kind: row for row in statement.rows}
    assert by_kind["payment"].gross == deal.money(10_000)
    assert sum(row.fee.minor for row in statement.rows) == 60  # on the payment's line or on one of its own
    assert by_kind["refund"].gross == deal.money(-1_000)
    assert statement.raw


def test_a_partner_lacks_what_its_adapter_lacks(deal):
    """Nothing is left out that could be tested."""
    protocols = (Releases, TellsBalance, TellsDisputes, GivesStatements)
    missing = {one.__name__ for one in protocols if not isinstance(deal.gateway, one)}
    missing |= set() if deal.gateway.capabilities.pays_out else {"payouts"}
    assert missing == deal.partner.lacks - {"create", "declines"}
