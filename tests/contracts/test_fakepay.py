"""The pretended provider itself: its book, its faults, its notices and its control doors, in a dialect of JSON."""

from __future__ import annotations

import ast
import contextlib
import json
import subprocess
import sys
import threading
import time

import httpx
import pytest

from escrow.fakepay.account import Clock
from escrow.fakepay.book import Book
from escrow.fakepay.dialect import Outgoing, answer
from escrow.fakepay.entries import Refusal
from escrow.fakepay.faults import Faults
from escrow.fakepay.server import Server
from escrow.fakepay.serving import served
from tooling.house import ROOT


class Plain:
    """The smallest dialect: opens a payment, notices are bare JSON."""

    def __init__(self) -> None:
        self.book = Book(faults=Faults(), clock=Clock(), fee_bps=100)

    def op(self, request):
        return "create"

    def handle(self, request):
        body = json.loads(request.body)
        try:
            charge = self.book.open_charge(**body)
        except Refusal as refusal:
            return answer({"code": refusal.code}, 400)
        return answer({"ref": charge.ref})

    def notice(self, event):
        return Outgoing({"Content-Type": "application/json"}, json.dumps({"id": event.id, "kind": event.kind}).encode())

    def accepts(self, status, body):
        return status == 200

    def shop_values(self, base):
        return {"api_base": base}

    def return_address(self, charge):
        return charge.return_url


@pytest.fixture
def plain():
    return Plain()


@pytest.fixture
def book(plain):
    return plain.book


@pytest.fixture
def paid(book):
    charge = book.open_charge(key="payment:1", minor=10_000, currency="CNY")
    book.pay(charge.ref)
    return charge


@pytest.fixture
def base(plain):
    app = Server()
    app.register("plain", plain)
    with served(app) as base:
        yield base


def refused(act, **fields) -> str:
    with pytest.raises(Refusal) as told:
        act(**fields)
    return told.value.code


def test_a_key_is_one_payment(book):
    first = book.open_charge(key="payment:1", minor=100, currency="CNY")
    assert book.open_charge(key="payment:1", minor=100, currency="CNY") is first
    assert refused(book.open_charge, key="payment:1", minor=101, currency="CNY") == "key_reused"
    assert refused(book.open_charge, key="payment:2", minor=0, currency="CNY") == "bad_amount"


def test_refunds_never_exceed_what_arrived(book, paid):
    book.refund(key="refund:1", charge_ref=paid.ref, minor=6_000)
    book.refund(key="refund:1", charge_ref=paid.ref, minor=6_000)
    assert refused(book.refund, key="refund:1", charge_ref=paid.ref, minor=5) == "key_reused"
    assert refused(book.refund, key="refund:2", charge_ref=paid.ref, minor=4_001) == "over_cap"
    book.refund(key="refund:3", charge_ref=paid.ref, minor=4_000)
    assert book.balance("CNY") == -100  # the fee is not given back


def test_a_failed_refund_gives_its_room_back(book, paid):
    book.faults.write([{"op": "refund", "mood": "pending_failed"}])
    row = book.refund(key="refund:1", charge_ref=paid.ref, minor=10_000)
    assert (row.state, refused(book.refund, key="refund:2", charge_ref=paid.ref, minor=1)) == ("pending", "over_cap")
    assert book.decide_refund(row.ref).state == "failed"
    assert book.refund(key="refund:2", charge_ref=paid.ref, minor=10_000).state == "done"


def test_releases_and_reversals_keep_within_the_payment(book, paid):
    release = book.release(key="release:1", charge_ref=paid.ref, minor=7_000, to="acct_1")
    assert refused(book.release, key="release:2", charge_ref=paid.ref, minor=3_001, to="acct_1") == "over_cap"
    assert refused(book.release, key="release:1", charge_ref=paid.ref, minor=7_000, to="acct_2") == "key_reused"
    book.reverse(key="reverse:1", release_ref=release.ref, minor=7_000)
    assert refused(book.reverse, key="reverse:2", release_ref=release.ref, minor=1) == "over_cap"
    assert book.release(key="release:2", charge_ref=paid.ref, minor=10_000, to="acct_1").state == "done"


def test_payouts_need_money_and_may_come_back(book, paid):
    assert refused(book.payout, key="payout:1", minor=9_901, currency="CNY", to="1") == "short_of_money"
    book.faults.write([{"op": "payout", "mood": "returned"}])
    row = book.payout(key="payout:2", minor=9_900, currency="CNY", to="1")
    assert (row.state, book.balance("CNY")) == ("returned", 9_900)


def test_a_payers_bank_blocks_refunds_until_it_gives_up(book, paid):
    dispute = book.open_dispute(paid.ref)
    assert refused(book.refund, key="refund:1", charge_ref=paid.ref, minor=1) == "over_cap"
    book.decide_dispute(dispute.ref, "won")
    assert book.refund(key="refund:1", charge_ref=paid.ref, minor=1).state == "done"
    assert refused(book.decide_dispute, ref=dispute.ref, state="lost") == "wrong_state"


def test_money_after_the_close_comes_only_when_told(book):
    charge = book.open_charge(key="payment:1", minor=100, currency="CNY")
    book.faults.write([{"op": "close", "mood": "late"}])
    assert book.close(charge.ref) == "closed"
    assert (charge.state, len(charge.arrivals)) == ("closed", 1)
    assert refused(book.pay, ref=charge.ref) == "wrong_state"


def test_time_closes_a_payment(book):
    charge = book.open_charge(key="payment:1", minor=100, currency="CNY", expires_at=book.clock.now() + 60)
    book.clock.offset_seconds = 61
    assert book.charge(charge.ref).state == "closed"
    assert refused(book.pay, ref=charge.ref) == "wrong_state"


def test_wrong_and_double_money(book):
    charge = book.open_charge(key="payment:1", minor=100, currency="CNY")
    book.faults.write([{"op": "pay", "mood": "wrong_amount"}, {"op": "pay", "mood": "twice"}])
    assert [row.minor for row in book.pay(charge.ref)] == [99, 99]


@pytest.mark.parametrize(
    ("mood", "opened", "heard"),
    [("fail_before", 0, "503"), ("lose", 1, "nothing"), ("duplicate", 1, "200"), ("delay", 1, "nothing")],
)
def test_bad_moods_on_the_wire(base, book, mood, opened, heard):
    book.faults.write([{"op": "create", "mood": mood, "seconds": 1.0}])
    asked = {"key": "payment:1", "minor": 100, "currency": "CNY"}
    with httpx.Client(trust_env=False, timeout=0.5) as client:
        try:
            got = str(client.post(f"{base}/plain/", json=asked).status_code)
        except httpx.TransportError:
            got = "nothing"
        assert (got, len(book.charges)) == (heard, opened)
        assert client.post(f"{base}/plain/", json=asked).status_code == 200
    assert len(book.charges) == 1


def test_control_doors(base, book, paid, shop):
    with httpx.Client(base_url=f"{base}/control/plain/", trust_env=False) as control:
        assert control.post("faults", json={"script": [{"op": "notice", "mood": "duplicate"}]}).json()[0]["times"] == 1
        sent = control.post("notices", json={"url": shop.url}).json()
        assert [row["status"] for row in sent] == [200, 200]
        assert len(shop.got) == 2
        assert control.post("notices").json() == []
        assert control.post("decline", json={"ref": paid.ref}).status_code == 409
        assert control.post("pay", json={"nonsense": 1}).status_code == 400
        assert control.post("nothing").status_code == 404
        assert control.post("values").json() == {"api_base": f"{base}/plain"}
        assert [row["ref"] for row in control.post("list").json()["charges"]] == [paid.ref]


def test_notices_are_tried_a_bounded_number_of_times(plain, paid, shop):
    app = Server()
    app.register("plain", plain)
    app.notices["plain"].url = shop.url
    shop.status = 500
    for _ in range(20):
        app.notices["plain"].send_due(at_once=True)
    assert len(shop.got) == 15


def test_lost_and_reordered_notices(plain, book, paid, shop):
    app = Server()
    app.register("plain", plain)
    app.notices["plain"].url = shop.url
    book.refund(key="refund:1", charge_ref=paid.ref, minor=1)
    book.faults.write([{"op": "notice", "mood": "reorder"}])
    app.notices["plain"].send_due()
    assert [json.loads(body)["kind"] for _, body in shop.got] == ["refund.done", "payment.paid"]
    book.faults.write([{"op": "notice", "mood": "lose"}])
    book.refund(key="refund:2", charge_ref=paid.ref, minor=1)
    assert app.notices["plain"].send_due() == []


def test_a_payer_pays_by_hand(base, book):
    charge = book.open_charge(key="payment:1", minor=100, currency="CNY", return_url="http://shop.test/back")
    with httpx.Client(trust_env=False) as browser:
        page = f"{base}/page/plain/{charge.ref}"
        assert "100 CNY" in browser.get(page).text
        back = browser.post(page, data={"act": "pay"})
    assert (back.status_code, back.headers["location"], charge.state) == (303, "http://shop.test/back", "paid")


def test_many_at_once_never_refund_more_than_arrived(book, paid, monkeypatch):
    """Red when ``locked`` keeps nobody out: each reads what is left before any of them writes."""
    left = book.refundable

    def slowly(arrival):
        rest = left(arrival)
        time.sleep(0.005)
        return rest

    monkeypatch.setattr(book, "refundable", slowly)
    start = threading.Barrier(12)

    def refund(number: int) -> None:
        start.wait()
        with contextlib.suppress(Refusal):
            book.refund(key=f"refund:{number % 8}", charge_ref=paid.ref, minor=3_000)

    threads = [threading.Thread(target=refund, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.minor for row in book.refunds.values()] == [3_000, 3_000, 3_000]


def test_it_imports_nothing_of_the_shop():
    names = "sorted({name.split('.')[0] for name in sys.modules})"
    command = f"import sys, escrow.fakepay.__main__, escrow.fakepay.stripe; print({names})"
    loaded = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert not {"django", "core", "shop", "config"} & set(ast.literal_eval(loaded))
