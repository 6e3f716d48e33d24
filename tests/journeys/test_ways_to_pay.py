"""
A whole deal by each way to pay: our adapter as it is, the pretended provider on its own process and socket, its page,
its signed notice over HTTP, and at the end both sides' books, line by line.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings
from django.urls import reverse

from config.providers import PRETENDED, pretended
from core import clock
from escrow import pretended as bank_doors
from escrow.ledger import account, balance
from escrow.models import Inbox, OtherWay, Payout, Receipt, Refund, StatementLine, Ticket
from escrow.queries import books, reconciliation
from escrow.tasks import fetch_statements
from flows import cancellation
from tests.journeys.deal import Deal
from tests.journeys.people import post_json
from tests.stories import merchant_of
from tooling.house import ROOT, any_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.money]
WAYS = tuple(PRETENDED.values())
CARD = "6222021234561234"
ACCOUNTS = {"wechatpay": "oMerchant0000000000000000001", "stripe": "acct_1merchant"}  # to where they can send money


class Provider:
    """``python -m escrow.fakepay`` on this machine; it can be killed and started again in the same place."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, any_port()
        self.start()

    def start(self) -> None:
        (self.folder / "shop.json").unlink(missing_ok=True)
        command = [sys.executable, "-m", "escrow.fakepay", "--folder", str(self.folder), "--port", str(self.port)]
        env = {**os.environ, "SANDBOX_FEE_BPS": "60"}
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not (self.folder / "shop.json").exists():
            assert self.process.poll() is None and time.monotonic() < end, "the provider did not start"
            time.sleep(0.02)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys made once: a moment's work, and the same for each test's own provider."""
    folder = tmp_path_factory.mktemp("keys")
    bank_doors.bank_in(folder)
    return folder / "own.json"


@pytest.fixture
def provider(tmp_path: Path, keys: Path, settings, live_server) -> Iterator[Provider]:
    """The shop on a socket, set up for the pretended provider as ``config.settings`` does it, by what that has left."""
    folder = tmp_path / "fakepay"
    folder.mkdir()
    shutil.copy(keys, folder / "own.json")
    provider = Provider(folder)
    settings.SITE_URL = live_server.url
    settings.FAKEPAY_URL, values = pretended(folder)
    settings.PROVIDERS = {**settings.PROVIDERS, **values}
    settings.PAYMENT_GATEWAYS = list(WAYS)
    yield provider
    provider.kill()


def eventually(what: str, is_so) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.1)


def walk(deal: Deal, way: str) -> str:
    """From the payment page to the page where it is paid, as a browser goes: over the provider's own address."""
    url = reverse("shop:payment", args=[deal.payment.pk]) + f"?pay={way}"
    answer = deal.buyer.client.get(url)
    if way == "wechatpay":
        page = answer.content.decode()
        assert "data:image/" in page and "weixin://" not in page
        phone = reverse("sandbox:pay", args=[deal.payment.pk])
        assert f'href="{phone}"' in page
        return phone
    hops = []
    while answer.status_code in (301, 302, 303):
        url = urlsplit(answer.headers["Location"])
        hops.append(url)
        if f"{url.scheme}://{url.netloc}" == settings.FAKEPAY_URL:
            answer = httpx.get(url.geturl(), trust_env=False)
        else:
            answer = deal.buyer.client.get(url.path, QUERY_STRING=url.query)
    at_provider = [hop for hop in hops if f"{hop.scheme}://{hop.netloc}" == settings.FAKEPAY_URL]
    assert bool(at_provider) is (way != "sandbox"), hops
    assert answer.status_code == 200, (hops, answer.status_code)
    return hops[-1].path


def deal_by(way: str) -> tuple[Deal, str]:
    """Checked out, and standing on the page where it is paid."""
    deal = Deal(number=ACCOUNTS.get(settings.PAYOUT_GATEWAY, CARD))
    deal.check_out()
    return deal, walk(deal, way)


def paid(deal: Deal, page: str) -> Deal:
    back = deal.buyer.submit(page, outcome="paid")
    assert urlsplit(back.url).path == reverse("shop:payment-return", args=[deal.payment.pk])
    eventually("the signed notice is taken in", lambda: deal.order.status == "paid")
    assert deal.hold.amount_minor == deal.total
    deal.work()
    return deal


def there(way: str) -> dict[str, list[dict[str, object]]]:
    return bank_doors.ask("list", way)


@pytest.mark.parametrize("way", WAYS)
def test_a_deal_by_each_way_to_pay_and_a_provider_that_is_killed_twice(provider, settings, way):
    settings.PAYOUT_GATEWAY = way
    fetch_statements()  # from here on every day is looked after
    deal, page = deal_by(way)
    provider.kill()
    provider.start()  # it knows the payment that was begun with the one before
    paid(deal, page)
    assert deal.payment.gateway == way
    assert Inbox.objects.filter(provider=way).exclude(processed_at=None).count() == 1
    deal.ship()
    for event, signed in (("picked_up", ""), ("out_for_delivery", ""), ("delivered", "recipient")):
        deal.scan(event, signed)
    provider.kill()
    provider.start()
    deal.buyer.submit(deal.at("shop:order-confirm"))
    deal.wait(2)
    payout = Payout.objects.get()
    assert (payout.status, payout.gateway) == ("paid", way)

    sold_out, page = deal_by(way)
    order = paid(sold_out, page).order
    cancellation.cancel(order_id=order.pk, reason="sold out", actor=merchant_of(order), now=clock.now())
    sold_out.work()
    assert list(Refund.objects.values_list("gateway", "amount_minor", "status")) == [(way, deal.total, "done")]

    told = there(way)
    assert [len(told[kind]) for kind in ("charges", "refunds", "transfers")] == [2, 1, 1]
    deal.wait(48)
    fetch_statements()
    lines = StatementLine.objects.filter(gateway=way)
    kinds = sorted(lines.exclude(kind="fee").values_list("kind", "status"))
    assert kinds == [(kind, "matched") for kind in ("payment", "payment", "payout", "refund")]
    assert not Ticket.objects.exists(), list(Ticket.objects.values_list("gateway", "problem", "amount_minor"))
    left = sum(row["minor"] - row["fee"] for row in told["moves"])
    assert -balance(account(f"provider:{way}:CNY")) == left
    assert books().discrepancies == []
    days = reconciliation.days(gateway=way, since=payout.created_at.date() - timedelta(2), until=clock.now().date())
    assert [day.agrees for day in days if day.closing is not None].count(False) == 0


def test_declined_by_one_and_paid_by_another(provider):
    """The first one's page stays open all the while: what is paid there as well goes back by itself."""
    deal, page = deal_by("stripe")
    deal.buyer.submit(page, outcome="declined")
    deal.buyer.open(reverse("shop:payment-return", args=[deal.payment.pk]))
    shown = deal.buyer.open(reverse("shop:payment", args=[deal.payment.pk]))
    assert deal.payment.declined_reason in shown
    assert all(f'href="?pay={way}"' in shown for way in ("sandbox", "alipay", "wechatpay"))
    paid(deal, walk(deal, "alipay"))
    assert (deal.payment.gateway, OtherWay.objects.get().gateway) == ("alipay", "stripe")
    assert [row["state"] for row in there("stripe")["charges"]] == ["closed"]
    post_json(f"{page}?way=stripe", outcome="late")
    eventually("the second money is parked", lambda: Receipt.objects.filter(gateway="stripe").exists())
    deal.work()
    assert list(Refund.objects.values_list("gateway", "reason", "status")) == [("stripe", "twice", "done")]
    assert [row["minor"] for row in there("stripe")["refunds"]] == [deal.total]
    assert deal.hold.amount_minor == deal.total
    assert books().discrepancies == []


def test_time_that_runs_out_closes_it_everywhere(provider):
    deal, _ = deal_by("stripe")
    for way in ("sandbox", "alipay"):
        walk(deal, way)
    deal.wait(1)
    assert deal.order.status == "cancelled"
    for way in ("stripe", "sandbox", "alipay"):
        assert [row["state"] for row in there(way)["charges"]] == ["closed"], way
