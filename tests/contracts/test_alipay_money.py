"""Alipay's adapter: money going back, out and on, and the day's statement, where the shared suite does not look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.money import Money
from escrow.fakepay.alipay.bill import zipped
from escrow.gateways.alipay import words
from escrow.gateways.base import Refused, Unavailable
from escrow.statements import alipay as bills
from tests.contracts.test_alipay import TRADE, adapter, create, no, pay, scripted

MERCHANT, CARD = "2088102146225135", "6222020200112233445"


@pytest.fixture
def dialect(bank):
    return bank.app.dialects["alipay"]


# --- refunds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "status"),
    [
        ({"refund_status": "REFUND_SUCCESS"}, "done"),
        ({"refund_status": "REFUND_PROCESSING"}, "pending"),
        ({"refund_status": "REFUND_FAIL", "error_code": "ACCOUNT_CLOSED"}, "failed"),
        ({}, "unknown"),
        (no("ACQ.TRADE_NOT_EXIST"), "unknown"),
    ],
)
def test_how_a_refund_stands(bank, node, status):
    gateway, asked = scripted(bank, node)
    assert gateway.query_refund(key="refund:1", reference="payment_1").status == status
    assert asked[0][:2] == (
        "alipay.trade.fastpay.refund.query", {"out_trade_no": "payment_1", "out_request_no": "refund_1"}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("nodes", "status"),
    [
        ([{"fund_change": "Y"}], "done"),
        ([{"fund_change": "N"}, {"refund_status": "REFUND_SUCCESS"}], "done"),
        ([{"fund_change": "N"}, {"refund_status": "REFUND_FAIL"}], "failed"),
        ([{"fund_change": "N"}, {}], "pending"),
        ([{}, {}], "pending"),
    ],
)
def test_only_moved_money_is_a_refund(bank, nodes, status):
    """Code 10000 says that the question was understood, no more."""
    gateway, asked = scripted(bank, *nodes)
    state = gateway.refund(key="refund:1", reference="payment_1", movement_ref="T1", amount=Money(2_800))
    assert (state.ref, state.status) == ("refund_1", status)
    assert asked[0][:2] == (
        "alipay.trade.refund", {"trade_no": "T1", "refund_amount": "28.00", "out_request_no": "refund_1"}
    )  # fmt: skip


def test_a_payment_that_has_gone_back_in_full(bank, dialect):
    gateway = adapter(bank)
    reference, trade_no = pay(gateway, dialect)
    ask = {"reference": reference, "movement_ref": trade_no, "amount": Money(12_800)}
    assert [gateway.refund(key="refund:1", **ask).status for _ in range(2)] == ["done", "done"]
    assert gateway.query_payment(reference=reference).status == "closed"
    with pytest.raises(Refused):
        gateway.refund(key="refund:2", **ask)


def test_a_refund_needs_money_on_the_account(bank, dialect):
    gateway = adapter(bank)
    reference, trade_no = pay(gateway, dialect)
    gateway.payout(key="payout:1", amount=Money(10_000), bank="招商银行", holder="林梅", number=CARD)
    with pytest.raises(Refused) as told:
        gateway.refund(key="refund:1", reference=reference, movement_ref=trade_no, amount=Money(2_801))
    assert told.value.why == "ACQ.SELLER_BALANCE_NOT_ENOUGH"
    assert not dialect.book.refunds


# --- payouts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bank_name", "number", "product", "kind"),
    [
        ("招商银行", CARD, "TRANS_BANKCARD_NO_PWD", "BANKCARD_ACCOUNT"),
        ("支付宝", MERCHANT, "TRANS_ACCOUNT_NO_PWD", "ALIPAY_USER_ID"),
        ("Alipay", "13800138000", "TRANS_ACCOUNT_NO_PWD", "ALIPAY_LOGON_ID"),
    ],
)
def test_payouts_go_to_cards_and_to_wallets(bank, dialect, bank_name, number, product, kind):
    gateway = adapter(bank)
    pay(gateway, dialect)
    state = gateway.payout(key="payout:1", amount=Money(5_000), bank=bank_name, holder="林梅", number=number)
    (row,) = dialect.book.transfers.values()
    assert (row.minor, row.to, row.data) == (5_000, number, {"product": product, "kind": kind, "name": "林梅"})
    assert gateway.query_payout(key="payout:1") == state
    assert gateway.query_payout(key="payout:2").status == "unknown"


@pytest.mark.parametrize(
    ("word", "status"),
    [("SUCCESS", "done"), ("DEALING", "pending"), ("WAIT_PAY", "pending"), ("FAIL", "failed"), ("REFUND", "failed")],
)
def test_how_a_payout_stands(bank, word, status):
    gateway, _ = scripted(bank, {"status": word, "order_id": "O1", "fail_reason": "no such card"})
    state = gateway.query_payout(key="payout:1")
    assert (state.ref, state.status) == ("O1", status)
    assert state.reason == ("no such card" if status == "failed" else "")


def test_a_payout_nobody_can_tell_about_is_not_unknown(bank):
    """Only when both ways are known to be empty may it be sent again."""
    gateway, _ = scripted(bank, no("ORDER_NOT_EXIST"), no("SYSTEM_ERROR"))
    with pytest.raises(Unavailable):
        gateway.query_payout(key="payout:1")


# --- releases ---------------------------------------------------------------------------------------------------------


def test_a_part_is_confirmed_before_it_is_shared_out(bank):
    gateway, asked = scripted(
        bank, {**TRADE, "trade_status": "TRADE_SUCCESS"}, {}, {"settle_no": "S1"}, royalty="confirm"
    )
    state = gateway.release(key="release:1", reference="payment_1", amount=Money(4_000), destination=MERCHANT)
    assert (state.ref, state.status) == ("S1", "done")
    (_, confirm, _), (_, settle, _) = asked[1:]
    assert [method for method, _, _ in asked[1:]] == ["alipay.trade.settle.confirm", "alipay.trade.order.settle"]
    assert (confirm["out_request_no"], settle["out_request_no"]) == ("release_1", "release_1")
    assert confirm["settle_info"]["settle_detail_infos"][0]["actual_amount"] == "40.00"
    assert settle["royalty_parameters"][0]["amount"] == "40.00"
    assert settle["royalty_parameters"][0]["trans_in"] == MERCHANT


@pytest.mark.parametrize("op", ["confirm", "release"])
@pytest.mark.parametrize("mood", ["fail_before", "lose"])
def test_a_release_that_broke_off_between_its_steps(bank, dialect, op, mood):
    gateway = adapter(bank, royalty="confirm")
    reference, _ = pay(gateway, dialect)
    ask = {"key": "release:1", "reference": reference, "amount": Money(4_000), "destination": MERCHANT}
    dialect.book.faults.write([{"op": op, "mood": mood}])
    with pytest.raises(Unavailable):
        gateway.release(**ask)
    assert gateway.release(**ask) == gateway.release(**ask)
    assert [row.minor for row in dialect.book.transfers.values()] == [4_000]
    assert dialect.book.charges[reference].data["confirmed"] == {"release_1": 4_000}


def test_no_more_is_confirmed_than_is_there(bank, dialect):
    gateway = adapter(bank, royalty="confirm")
    reference, trade_no = pay(gateway, dialect)
    gateway.refund(key="refund:1", reference=reference, movement_ref=trade_no, amount=Money(2_801))
    with pytest.raises(Refused):
        gateway.release(key="release:1", reference=reference, amount=Money(10_000), destination=MERCHANT)
    assert not dialect.book.transfers


def test_taking_back_is_a_refund_that_the_merchant_pays(bank, dialect):
    gateway = adapter(bank, royalty="freeze")
    reference, _ = pay(gateway, dialect)
    gateway.release(key="release:1", reference=reference, amount=Money(12_800), destination=MERCHANT)
    ask = {"release_key": "release:1", "reference": reference, "amount": Money(12_800)}
    assert [gateway.reverse_release(key="reverse:1", **ask).status for _ in range(2)] == ["done", "done"]
    assert [row.minor for row in dialect.book.refunds.values()] == [12_800]
    assert [row.minor for row in dialect.book.transfers.values() if row.kind == "reversal"] == [12_800]
    assert dialect.book.balance("CNY") == 0


def test_nothing_is_released_of_what_was_not_paid(bank):
    gateway, _ = scripted(bank, {**TRADE, "trade_status": "WAIT_BUYER_PAY"}, royalty="freeze")
    with pytest.raises(Refused):
        gateway.release(key="release:1", reference="payment_1", amount=Money(1), destination=MERCHANT)


# --- statement and balance --------------------------------------------------------------------------------------------


def today():
    return datetime.now(words.CHINA).date()


def test_a_day_of_every_kind_of_movement(bank, dialect):
    """The lines add up to what lies on the account, read by a reader that knows nothing of their writer."""
    dialect.book.fee_bps = 60
    gateway = adapter(bank, royalty="freeze")
    reference, trade_no = pay(gateway, dialect)
    gateway.refund(key="refund:1", reference=reference, movement_ref=trade_no, amount=Money(800))
    gateway.release(key="release:1", reference=reference, amount=Money(2_000), destination=MERCHANT)
    gateway.payout(key="payout:1", amount=Money(5_000), bank="招商银行", holder="林梅", number=CARD)
    statement = gateway.statement(day=today())
    rows = [(row.kind, row.gross.minor, row.fee.minor, row.reference) for row in statement.rows]
    assert rows == [
        ("payment", 12_800, 0, reference), ("fee", 0, 77, reference), ("refund", -800, 0, "refund_1"),
        ("payout", -2_000, 0, "release_1"), ("payout", -5_000, 0, "payout_1"),
    ]  # fmt: skip
    left = sum(row.gross.minor - row.fee.minor for row in statement.rows)
    assert statement.closing == gateway.balance(currency="CNY").amount == Money(left)


def test_a_day_without_a_bill_is_refused_by_its_name(bank):
    with pytest.raises(Refused) as told:
        adapter(bank).statement(day=today() - timedelta(days=1))
    assert told.value.why == "isp.bill_not_exist"


def test_an_address_that_has_died(bank, dialect):
    """Thirty seconds: whoever fetches at once is in time."""
    pay(adapter(bank), dialect)
    old = f"{bank.address('alipay')}/bill?day={today()}&until={int(dialect.book.clock.now()) - 1}"
    gateway, _ = scripted(bank, {"bill_download_url": old})
    with pytest.raises(Unavailable):
        gateway.channel.download("file:///etc/passwd")
    assert httpx.get(old, trust_env=False).status_code == 403


@pytest.mark.parametrize("nodes", [[{}], [{"bill_download_url": "ftp://a/b"}]])
def test_an_address_that_is_none(bank, nodes):
    gateway, _ = scripted(bank, *nodes)
    with pytest.raises(Unavailable):
        gateway.statement(day=today())


def test_the_writer_dates_by_china(bank, dialect):
    pay(adapter(bank), dialect)
    dialect.book.moves[0].at = datetime(2026, 11, 28, 16, 30, tzinfo=UTC).timestamp()
    day = datetime(2026, 11, 29, tzinfo=UTC).date()
    raw = zipped(dialect.book, seller_id=dialect.seller_id, day=day.isoformat())
    assert len(bills.read(raw, name="a", day=day).rows) == 1


def test_the_balance_is_in_yuan_alone(bank):
    with pytest.raises(Refused):
        adapter(bank).balance(currency="USD")
    gateway, _ = scripted(bank, {"total_amount": "about 5"})
    with pytest.raises(Unavailable):
        gateway.balance(currency="CNY")


# --- bad moods of the calls that only ask, and the page ---------------------------------------------------------------

ASKING = {
    "query_refund": lambda gateway, reference: gateway.query_refund(key="refund:1", reference=reference),
    "query_payout": lambda gateway, reference: gateway.query_payout(key="payout:1"),
    "balance": lambda gateway, reference: gateway.balance(currency="CNY").amount,
    "statement": lambda gateway, reference: gateway.statement(day=today()).rows,
    "query_release": lambda gateway, reference: gateway.reverse_release(
        key="reverse:1", release_key="release:1", reference=reference, amount=Money(1_000)
    ),
}


@pytest.mark.parametrize("mood", ["fail_before", "lose", "duplicate", "delay"])
@pytest.mark.parametrize("op", ASKING)
def test_whoever_only_asks_may_ask_again(bank, dialect, op, mood):
    gateway = adapter(bank, royalty="freeze", timeout_seconds=0.3)
    reference, trade_no = pay(gateway, dialect)
    gateway.refund(key="refund:1", reference=reference, movement_ref=trade_no, amount=Money(800))
    gateway.release(key="release:1", reference=reference, amount=Money(2_000), destination=MERCHANT)
    gateway.payout(key="payout:1", amount=Money(5_000), bank="招商银行", holder="林梅", number=CARD)
    dialect.book.faults.write([{"op": op, "mood": mood, "seconds": 0.7}])
    if mood == "duplicate":
        ASKING[op](gateway, reference)
    else:
        with pytest.raises(Unavailable):
            ASKING[op](gateway, reference)
    assert not dialect.book.faults.rest()
    assert ASKING[op](gateway, reference) == ASKING[op](gateway, reference)
    assert len(dialect.book.refunds) == (2 if op == "query_release" else 1)


def test_a_payer_pays_on_the_page_and_comes_back(bank, dialect):
    gateway = adapter(bank)
    with httpx.Client(trust_env=False) as browser:
        page = browser.get(create(gateway).url).headers["Location"]
        assert "12800 CNY" in browser.get(page).text
        assert browser.post(page, data={"act": "pay"}).headers["Location"] == "http://shop.test/back"
        assert gateway.query_payment(reference="payment_1").status == "paid"
        again = browser.get(create(gateway, amount=Money(1)).url)
    assert (again.status_code, dialect.book.charges["payment_1"].minor) == (400, 12_800)
