"""The pretended provider's books in a file: several processes share them, and a killed one loses nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from escrow.fakepay import payer
from escrow.fakepay.control import everything
from escrow.fakepay.dialect import Outgoing
from escrow.fakepay.entries import Refusal
from escrow.fakepay.server import NAMES, Server
from escrow.fakepay.store import Store
from escrow.fakepay.values import bank_in, own_values, tell_shop


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "book.sqlite3"


def opened(file: Path, **more) -> Server:
    return Server(store=Store(file), **more)


def rows(server: Server) -> str:
    """Every row of every book, as it stands in memory."""
    told = {name: everything(dialect) for name, dialect in server.all_dialects().items()}
    return json.dumps([told, server.dialects["stripe"].book.answered], sort_keys=True)


def lived(server: Server, name: str) -> None:
    """All that can happen to a payment at one provider; what it cannot do is refused."""
    dialect = server.dialects[name]
    book = dialect.book
    data = {"trade_no": "T1", "confirmed": {}, "intent": "pi_1", "frozen": False, "methods": ["card"],
            "cancel_url": "", "client_reference_id": "", "metadata": {}, "intent_metadata": {}, "transfer_group": "",
            "url": ""}  # fmt: skip
    charge = book.open_charge(key="payment:1", minor=10_000, currency="CNY", data=data)
    late = book.open_charge(key="payment:2", minor=500, currency="CNY", data={**data, "late": True})
    book.close(late.ref)
    book.decline(charge.ref)
    book.pay(charge.ref)
    book.refund(key="refund:1", charge_ref=charge.ref, minor=1_000, data={"no": "1"})
    book.faults.write([{"op": "refund", "mood": "pending"}, {"op": "payout", "mood": "pending"}])
    pending = book.refund(key="refund:2", charge_ref=charge.ref, minor=500, data={"no": "2"})
    book.decide_refund(pending.ref, "failed")
    sent = book.payout(key="payout:1", minor=2_000, currency="CNY", to="1")
    book.decide_transfer(sent.ref, "done")
    book.decide_transfer(sent.ref, "returned")
    release = book.release(
        key="release:1", charge_ref=charge.ref, minor=300, to="acct_1", data={"transaction_id": "T1"}
    )
    book.reverse(key="reverse:1", release_ref=release.ref, minor=100)
    dispute = book.open_dispute(charge.ref, minor=700)
    book.decide_dispute(dispute.ref, "won")
    book.answer_again("key", ["/v1/refunds", "{}", 200, "{}"])
    payer.play(dialect, charge.ref, "forged")
    payer.play(dialect, book.open_charge(key="payment:3", minor=5, currency="CNY", data=data).ref, "late")
    server.notices[name].url = "http://127.0.0.1:1/"
    server.notices[name].send_due(at_once=True)


@pytest.mark.parametrize("name", NAMES)
def test_whoever_comes_after_knows_all_that_happened(file, name):
    """Red when an act forgets to say ``keep``: what is in memory is then more than what lies in the file."""
    before = opened(file, post=lambda url, outgoing: (500, b"not now"))
    lived(before, name)
    assert rows(opened(file)) == rows(before)


def test_two_servers_on_one_file_see_each_others_acts(file):
    one, other = opened(file).dialects["sandbox"].book, opened(file).dialects["sandbox"].book
    charge = one.open_charge(key="payment:1", minor=100, currency="CNY")
    other.pay(charge.ref)
    assert [row.minor for row in one.charge(charge.ref).arrivals] == [100]
    one.refund(key="refund:1", charge_ref=charge.ref, minor=60)
    with pytest.raises(Refusal):
        other.refund(key="refund:2", charge_ref=charge.ref, minor=41)


def refund_much(file: Path, first: int) -> None:
    book = opened(file).dialects["sandbox"].book
    for place in range(first, first + 10):
        try:
            book.refund(key=f"refund:{place}", charge_ref="SB1", minor=30)
        except Refusal:
            continue


def test_processes_at_once_never_refund_more_than_arrived(file):
    """Red when the store begins with a plain BEGIN: who has read may then not write what another has written since."""
    book = opened(file).dialects["sandbox"].book
    book.open_charge(key="payment:1", ref="SB1", minor=100, currency="CNY")
    book.pay("SB1")
    start = multiprocessing.get_context("fork")
    workers = [start.Process(target=refund_much, args=(file, 10 * place)) for place in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert [row.minor for row in opened(file).dialects["sandbox"].book.refunds.values()] == [30, 30, 30]


def test_a_notice_that_was_owed_when_it_was_killed_is_sent_by_the_next(file):
    before = opened(file)
    book = before.dialects["sandbox"].book
    charge = book.open_charge(key="payment:1", minor=100, currency="CNY", notify_url="http://shop.test/notify")
    book.pay(charge.ref)
    got: list[str] = []

    def post(url: str, outgoing: Outgoing) -> tuple[int, bytes]:
        got.append(url)
        return 200, b""

    after = opened(file, post=post)
    after.all_dialects()
    after.send_due()
    assert got == ["http://shop.test/notify"]
    assert opened(file).dialects["sandbox"].book.events[0].is_done


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path):
    folder = tmp_path / "fakepay"
    bank = bank_in(folder)
    tell_shop(folder, bank, address="http://127.0.0.1:8900")
    assert own_values(folder) == own_values(folder) == bank.values
    assert own_values(tmp_path / "another")["sandbox"] != bank.values["sandbox"]
    for name in ("own.json", "shop.json"):
        assert stat.S_IMODE(os.stat(folder / name).st_mode) == 0o600
    told = json.loads((folder / "shop.json").read_text())["providers"]
    assert told["alipay"]["api_base"] == "http://127.0.0.1:8900/alipay/gateway.do"
    assert "fakepay_private_key" not in told["alipay"]
    assert told["sandbox"]["secret"] == bank.values["sandbox"]["secret"]
