"""Read one job as JSON from standard input, do it, print how long it took as JSON."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from bench.load.visitor import Visitor, field_of


def read_pages(job: dict[str, Any]) -> Callable[[], None]:
    """The same pages in turn, ``count`` times in all over ``clients`` connections."""
    share = job["count"] // job["clients"]

    def read(number: int) -> None:
        visitor = Visitor(job["base"], session=job.get("session", ""))
        for place in range(share):
            visitor.open(job["paths"][(number + place) % len(job["paths"])])

    return _in_threads(read, job["clients"])


def buy(job: dict[str, Any]) -> Callable[[], None]:
    """Whole purchases: product, add, cart, checkout, to the bank, payment notice, order."""
    share = job["count"] // job["clients"]

    def shop(number: int) -> None:
        visitor = Visitor(job["base"], session=job["sessions"][number])
        bank = Visitor(job["bank"])
        for place in range(share):
            product, variant = job["goods"][(number * share + place) % len(job["goods"])]
            _purchase(visitor, bank, product=product, variant=variant)

    return _in_threads(shop, job["clients"])


def post(job: dict[str, Any]) -> Callable[[], None]:
    """Ready-made messages, each once: path, body and headers."""

    def deliver(number: int) -> None:
        visitor = Visitor(job["base"])
        for message in job["messages"][number :: job["clients"]]:
            visitor.deliver(message["path"], message["body"], message["headers"])

    return _in_threads(deliver, job["clients"])


def _purchase(visitor: Visitor, bank: Visitor, *, product: str, variant: str) -> None:
    token = field_of(visitor.open(product), "csrfmiddlewaretoken")
    visitor.send("/cart/add/", csrfmiddlewaretoken=token, variant=variant, quantity="1")
    visitor.open("/cart/")
    page = visitor.open("/checkout/")
    names = ("csrfmiddlewaretoken", "address", "seen_total_minor", "checkout_key")
    payment = visitor.send("/checkout/", note="", **{name: field_of(page, name) for name in names})
    token = field_of(visitor.open(payment), "csrfmiddlewaretoken")
    hosted = urlsplit(visitor.send(payment, csrfmiddlewaretoken=token)).path
    bank.tell(hosted, outcome="paid")
    _, _, order = visitor.ask("GET", f"{payment}return/")
    if not order.startswith("/orders/"):
        raise RuntimeError(f"the payment led to {order!r}")
    visitor.open(order)


def _in_threads(work: Callable[[int], None], count: int) -> Callable[[], None]:
    faults: list[BaseException] = []

    def one(number: int) -> None:
        try:
            work(number)
        except BaseException as fault:  # a thread's end must not go unheard
            faults.append(fault)

    def run() -> None:
        threads = [threading.Thread(target=one, args=[number]) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]

    return run


def main() -> None:
    job = json.load(sys.stdin)
    run = {"pages": read_pages, "purchases": buy, "messages": post}[job["act"]](job)
    start = time.monotonic()
    run()
    print(json.dumps({"seconds": time.monotonic() - start}))


main()
