"""
A payment notice, from HTTP to the commit that holds the money, beside a bare view of as many statements.

The notice is verified and stored, the bank is asked over HTTP (its own processes are not counted), the payment is
compared, and order, hold, ledger, audit, deadlines and events are written. CPU is that of the shop's web processes.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import django

from bench.served import Web, load, pretended_bank, serve
from bench.stats import Series, Verdict, median, of_rounds, spread
from bench.web import CLIENTS, environment

AT_LEAST = 0.5
PATH = "/webhooks/payments/sandbox/"


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench notice")
    parser.add_argument("--notices", type=int, default=200, help="per round")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tashi-bench-") as name:
        home = Path(name)
        env = environment(home)
        os.environ.update(env)
        django.setup()
        measure(args, home=home, env=env)
    return 0


def measure(args: argparse.Namespace, *, home: Path, env: dict[str, str]) -> None:
    from django.db import connections

    from bench import deals
    from bench.world import build

    build(products=60, orders=0, full=False)
    deals.filled_carts(args.notices * args.rounds + 3 * CLIENTS)
    connections.close_all()
    bare = {**env, "DJANGO_SETTINGS_MODULE": "bench.bare_settings"}
    bank = {**env, "DJANGO_SETTINGS_MODULE": "bench.bank_settings", "BENCH_SHOP": "{shop}", "SITE_URL": "{bank}"}
    shop = {**env, "SITE_URL": "{bank}", "PAYMENT_GATEWAYS": "sandbox"}
    with pretended_bank(home), serve(home, bare=bare, shop=shop, bank=bank) as webs:
        count = statements_of(arrived(webs["bank"]))
        print(f"  a notice makes {count} statements; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        _run(Series(""), webs["shop"], [signed(arrived(webs["bank"])) for _ in range(2 * CLIENTS)])
        series = {"bare": Series("bare"), "notice": Series("notice")}
        for _ in range(args.rounds):
            keys = [arrived(webs["bank"]) for _ in range(args.notices)]
            _run(series["notice"], webs["shop"], [signed(key) for key in keys])
            _run(series["bare"], webs["bare"], [_bare(count)] * args.notices)
    deals.check_books()
    for name, one in series.items():
        print(f"  {name:<8} {median(one.cpu_ms):6.2f} ms CPU   {median(one.rate):6.0f}/s   {spread(one.cpu_ms):4.0%}")
    print(Verdict("notice to held, by CPU", of_rounds(series["bare"].cpu_ms, series["notice"].cpu_ms), AT_LEAST))
    print(Verdict("notice to held, by rate", of_rounds(series["notice"].rate, series["bare"].rate), AT_LEAST))


def arrived(bank: Web) -> str:
    """A payment whose money has just come to the bank, which has told nobody; its number there."""
    from django.conf import settings

    from bench import deals
    from escrow import pretended
    from escrow.services import payments

    payment_id: UUID = deals.placed()
    settings.SITE_URL = bank.base
    there = payments.start_payment(payment_id=payment_id)
    pretended.ask("faults", "sandbox", script=[{"op": "notice", "mood": "lose"}])
    pretended.ask("pay", "sandbox", ref=there.reference)
    return there.reference


def signed(reference: str) -> dict[str, Any]:
    """The bank's notice of a payment, signed now."""
    from django.conf import settings

    from escrow.gateways.signing import HEADER, sign

    body = json.dumps(
        {"id": f"evt-{time.time_ns()}", "type": "payment.changed", "payment": reference, "key": "payment:measured"}
    )
    mark = sign(body.encode(), secret=settings.PROVIDERS["sandbox"]["secret"])
    return {"path": PATH, "body": body, "headers": {HEADER: mark, "Content-Type": "application/json"}}


def statements_of(reference: str) -> int:
    """How many statements one notice makes, counted in this process."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from core import clock
    from flows import purchase

    message = signed(reference)
    with CaptureQueriesContext(connection) as asked:
        purchase.notice_received(
            gateway="sandbox", raw_body=message["body"].encode(), headers=message["headers"], now=clock.now()
        )
    return len(asked)


def _bare(count: int) -> dict[str, Any]:
    return {"path": f"/statements/{count}/", "body": "", "headers": {}}


def _run(series: Series, web: Web, messages: list[dict[str, Any]]) -> None:
    before = web.cpu_seconds()
    seconds = load(base=web.base, act="messages", clients=CLIENTS, messages=messages)
    series.add(requests=len(messages), cpu_seconds=web.cpu_seconds() - before, seconds=seconds)


if __name__ == "__main__":
    raise SystemExit(main())
