"""WeChat Pay's refunds, releases, payouts and bills."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from core.money import Money
from escrow.fakepay.server import Server
from escrow.fakepay.serving import served
from escrow.fakepay.wechat.keys import Keys
from escrow.gateways.base import (
    GivesStatements,
    Refused,
    Releases,
    TellsBalance,
    Unavailable,
)
from escrow.gateways.wechatpay import build
from escrow.gateways.wechatpay.payments import CHINA
from tests.contracts.conftest import Bank, Shop
from tests.contracts.partner_wechatpay import PARTNER
from tests.contracts.partners import HASTY_SECONDS, Deal, deal_with
from tests.contracts.wechat import OPENID, over


@pytest.fixture
def deal(bank: Bank, shop: Shop) -> Deal:
    return deal_with(PARTNER, bank, shop)


@pytest.fixture
def keys(deal: Deal) -> Keys:
    return deal.bank.app.dialects["wechat"].keys


def test_no_refund_of_money_that_went_to_another(deal: Deal):
    reference, movement = deal.paid()
    deal.charge.data["paid_mchid"] = "1900000999"
    with pytest.raises(Refused):
        deal.gateway.refund(key="refund:1", reference=reference, movement_ref=movement, amount=deal.money(1))
    assert not deal.book.refunds


def test_a_refund_that_the_payers_card_does_not_take_has_failed(deal: Deal):
    reference, movement = deal.paid()
    deal.bad("refund", "failed")
    ask = {"reference": reference, "movement_ref": movement, "amount": deal.money(1_000)}
    state = deal.gateway.refund(key="refund:1", **ask)
    assert (state.status, state.reason) == ("failed", "ABNORMAL")


def test_a_release_waits_a_minute_after_the_payment(shop: Shop):
    app = Server({"wechat": {"shared_after_seconds": "60"}})
    with served(app) as base:
        deal = deal_with(PARTNER, Bank(app, base), shop)
        reference, _ = deal.paid()
        ask = {"key": "release:1", "reference": reference, "amount": deal.money(100), "destination": "1900000109"}
        assert deal.gateway.release(**ask).status == "pending"
        assert not deal.book.transfers, "not even asked"
        assert deal.gateway.query_release(key="release:1", reference=reference).status == "unknown"
        deal.charge.arrivals[0].at -= 61
        assert deal.gateway.release(**ask).status == "done"


def test_the_rest_of_a_payment_is_unfrozen_once(deal: Deal):
    reference, _ = deal.paid()
    deal.gateway.release(key="release:1", reference=reference, amount=deal.money(6_000), destination="1900000109")
    assert deal.gateway.still_frozen(reference=reference) == deal.money(4_000)
    states = {deal.gateway.unfreeze(key="rest:1", reference=reference) for _ in range(2)}
    assert [state.status for state in states] == ["done"]
    assert deal.gateway.still_frozen(reference=reference) == deal.money(0)
    with pytest.raises(Refused):
        deal.gateway.release(key="release:2", reference=reference, amount=deal.money(1), destination="1900000109")


def test_fifty_releases_of_a_payment_and_no_more(deal: Deal):
    reference, _ = deal.paid()
    for n in range(50):
        deal.gateway.release(key=f"release:{n}", reference=reference, amount=deal.money(1), destination="1900000109")
    with pytest.raises(Refused):
        deal.gateway.release(key="release:50", reference=reference, amount=deal.money(1), destination="1900000109")


def test_what_went_to_a_persons_wallet_does_not_come_back(deal: Deal):
    reference, _ = deal.paid()
    deal.gateway.release(key="release:1", reference=reference, amount=deal.money(100), destination=OPENID)
    with pytest.raises(Refused):
        deal.gateway.reverse_release(
            key="reverse:1", release_key="release:1", reference=reference, amount=deal.money(100)
        )


@pytest.mark.parametrize("number", ["6222021234561234", "", "o", "oFake payee 000000000000000", "1900000109"])
def test_a_payout_goes_to_an_openid_and_nowhere_else(deal: Deal, number: str):
    deal.paid()
    with pytest.raises(Refused) as told:
        deal.gateway.payout(key="payout:1", amount=deal.money(100), bank="工商银行", holder="张三", number=number)
    assert told.value.why == "NO_OPENID"
    assert not deal.book.transfers


@pytest.mark.parametrize(("minor", "name"), [(29, ""), (30, "张三"), (300_000, "张三")])
def test_the_payees_name_goes_along_hidden_where_it_may(deal: Deal, minor: int, name: str):
    deal.paid(500_000)
    deal.gateway.payout(key="payout:1", amount=deal.money(minor), bank="", holder="张三", number=OPENID)
    (row,) = deal.book.transfers.values()
    assert row.data["name"] == name


def test_a_payout_waits_for_its_payee(deal: Deal):
    deal.paid()
    deal.bad("payout", "pending")
    ask = {"key": "payout:1", "amount": deal.money(100), "bank": "", "holder": "Lin", "number": OPENID}
    assert deal.gateway.payout(**ask).status == "pending"
    (row,) = deal.book.transfers.values()
    deal.book.decide_transfer(row.ref, "failed")
    assert deal.gateway.query_payout(key="payout:1").status == "failed"


def test_without_a_scene_nothing_is_paid_out(keys: Keys):
    values = {**keys.shop_values("http://wechat.test"), "transfer_scene": ""}
    gateway = build(values, client=httpx.Client(base_url="http://wechat.test"))
    assert not gateway.capabilities.pays_out
    with pytest.raises(Refused):
        gateway.payout(key="payout:1", amount=Money(100), bank="", holder="Lin", number=OPENID)


@pytest.mark.parametrize(("word", "raised"), [("NOT_ENOUGH", Refused), ("SOMETHING_NEW", Unavailable)])
def test_a_new_word_for_no_is_not_taken_for_one(keys: Keys, word: str, raised: type[Exception]):
    """Their rule: with an unknown error the same number must be asked for, never another used."""
    raw = json.dumps({"code": word}).encode()
    gateway = over(keys, lambda _: httpx.Response(403, content=raw, headers=keys.signed(raw)))
    with pytest.raises(raised):
        gateway.payout(key="payout:1", amount=Money(100), bank="", holder="Lin", number=OPENID)


def test_what_it_can_do(deal: Deal, keys: Keys):
    gateway = deal.gateway
    assert isinstance(gateway, Releases) and isinstance(gateway, TellsBalance) and isinstance(gateway, GivesStatements)
    able = gateway.capabilities
    assert (able.hold_days, able.partial_release, able.pays_out) == (30, True, True)
    assert able.currencies == {"CNY"}
    values = {**keys.shop_values("http://wechat.test"), "hold_days": "180"}
    assert build(values, client=httpx.Client()).capabilities.hold_days == 180


def test_two_platform_keys_at_a_time(keys: Keys):
    values = keys.shop_values("http://wechat.test")
    serials = f"{keys.platform_serial},OLD"
    with pytest.raises(ValueError, match="zip"):
        build({**values, "platform_serial": serials}, client=httpx.Client())
    both = {**values, "platform_serial": serials, "platform_public_key": values["platform_public_key"] * 2}
    assert set(build(both, client=httpx.Client()).caller.platform) == {keys.platform_serial, "OLD"}


def bill_at(keys: Keys, url: str, *, raw: bytes = b"", hash_value: str = "", hash_type: str = "SHA1") -> Any:
    told = json.dumps({"hash_type": hash_type, "hash_value": hash_value, "download_url": url}).encode()
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.path.startswith("/v3/bill/"):
            return httpx.Response(200, content=told, headers=keys.signed(told))
        return httpx.Response(200, content=raw)

    with pytest.raises(Unavailable):
        over(keys, answer).trade_bill(day=datetime.now(UTC).date())
    return asked


def test_a_bill_that_is_not_the_announced_file_is_not_taken(keys: Keys):
    home = "https://api.mch.weixin.qq.com/v3/billdownload/file?token=x"
    assert len(bill_at(keys, home, raw=b"a", hash_value="0" * 40)) == 2
    sha1_of_a = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
    assert len(bill_at(keys, home, raw=b"a", hash_value=sha1_of_a, hash_type="MD5")) == 2


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "https://evil.example/x", "https://api.mch.weixin.qq.com.evil.example/x",
            "https://api.mch.weixin.qq.com@evil.example/x", "file:///etc/passwd", "//evil.example/x"]
)  # fmt: skip
def test_a_bill_lies_nowhere_else(keys: Keys, url: str):
    assert len(bill_at(keys, url)) == 1, "the other address was not asked"


def test_a_day_without_movements_has_an_empty_statement(deal: Deal):
    statement = deal.gateway.statement(day=datetime.now(CHINA).date() - timedelta(days=3))
    assert statement.rows == ()


def test_both_bills_tell_the_same_payment(deal: Deal):
    from escrow.statements import wechatpay

    deal.book.fee_bps = 60
    reference, movement = deal.paid()
    deal.gateway.refund(key="refund:1", reference=reference, movement_ref=movement, amount=deal.money(4_000))
    deal.gateway.payout(key="payout:1", amount=deal.money(100), bank="", holder="Lin", number=OPENID)
    today = datetime.now(CHINA).date()
    trades = wechatpay.read(deal.gateway.trade_bill(day=today), name="t", day=today)
    flow = deal.gateway.statement(day=today)
    short = [(row.kind, row.gross.minor, row.fee.minor, row.reference) for row in flow.rows]
    assert short == [
        ("payment", 10_000, 60, reference),
        ("refund", -4_000, 0, "refund-1"),
        ("payout", -100, 0, "payoutx1"),
    ]
    assert trades.rows == flow.rows[:2]
    assert (trades.rows[0].ext_id, flow.closing) == (movement, deal.money(5_840))


def more_acts(deal: Deal) -> dict[str, Any]:
    reference, movement = deal.paid()
    gateway, today = deal.gateway, datetime.now(CHINA).date()
    gateway.refund(key="refund:1", reference=reference, movement_ref=movement, amount=deal.money(1_000))
    gateway.release(key="release:1", reference=reference, amount=deal.money(1_000), destination="1900000109")
    gateway.payout(key="payout:1", amount=deal.money(1_000), bank="", holder="Lin", number=OPENID)
    return {
        "query_refund": lambda: gateway.query_refund(key="refund:1", reference=reference),
        "query_release": lambda: gateway.query_release(key="release:1", reference=reference),
        "query_payout": lambda: gateway.query_payout(key="payout:1"),
        "unfreeze": lambda: gateway.unfreeze(key="rest:1", reference=reference),
        "balance": lambda: gateway.balance(currency="CNY").amount,
        "statement": lambda: gateway.statement(day=today),
        "download": lambda: gateway.statement(day=today),
    }


@pytest.mark.parametrize("mood", ["fail_before", "lose", "duplicate", "delay"])
@pytest.mark.parametrize(
    "op", ["query_refund", "query_release", "query_payout", "unfreeze", "balance", "statement", "download"]
)
def test_bad_moods(deal: Deal, op: str, mood: str):
    act = more_acts(deal)[op]
    deal.bad(op, mood, seconds=HASTY_SECONDS * 3)
    if mood == "duplicate":
        first = act()
    else:
        with pytest.raises(Unavailable):
            act()
        first = act()
    assert not deal.book.faults.rest(), "the fault was met"
    assert act() == first


def test_addresses_are_signed_with_their_query(deal: Deal, keys: Keys):
    """A request that was meant for another order is refused although its signature is one of ours."""
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(500)

    with pytest.raises(Unavailable):
        over(keys, keep).query_payment(reference="a" * 32)
    headers = {"Authorization": seen[0].headers["Authorization"]}
    with httpx.Client(base_url=deal.bank.address("wechat"), trust_env=False) as client:
        right = client.get(urlsplit(str(seen[0].url)).path + f"?mchid={keys.mchid}", headers=headers)
        wrong = client.get(f"/v3/pay/transactions/out-trade-no/{'b' * 32}?mchid={keys.mchid}", headers=headers)
    assert (right.status_code, wrong.status_code) == (404, 401)
