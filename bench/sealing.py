"""
What a running sealer costs: single transfers by several clients, with and without it, turn by turn.

The sealer works as often as it can instead of every ten seconds, so that each round pays for all that it wrote; what is
left at the end of a round is sealed within its time.
"""

from __future__ import annotations

import argparse
import base64
import multiprocessing
import os
import tempfile
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import django

from bench.stats import median, of_rounds, spread

SETTINGS = {"DJANGO_SETTINGS_MODULE": "config.settings", "IGNORE_DOTENV": "1", "DEBUG": "0", "SANDBOX": "1"}
KEY = base64.b64encode(bytes(range(32))).decode()
PAUSE_SECONDS = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench sealing")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4, help="of each round")
    parser.add_argument("--rounds", type=int, default=6)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tashi-bench-") as name:
        os.environ.update({**SETTINGS, "VAR_DIR": str(Path(name) / "var"), "LOG_LEVEL": "WARNING", "SIGNING_KEY": KEY})
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        measure(args)
    return 0


def measure(args: argparse.Namespace) -> None:
    rates: dict[bool, list[float]] = {False: [], True: []}
    print(f"  load average before the run {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for number in range(args.rounds):
        for sealed in (False, True) if number % 2 else (True, False):
            rates[sealed].append(_round(args.clients, args.seconds, sealed))
            _catch_up()
    for sealed, words in ((False, "no sealer"), (True, "a running sealer")):
        found = rates[sealed]
        name = f"post() of one transfer, {args.clients} clients, {words}"
        print(f"  {name:<60} {median(found):8,.0f}/s  {spread(found):5.0%}")
    print(f"  with the sealer x {of_rounds(rates[True], rates[False]):.2f} (wanted 0.90)")


def _round(clients: int, seconds: float, sealed: bool) -> float:
    """Transfers a second, all processes together."""
    context = multiprocessing.get_context("spawn")
    go, counts = context.Event(), context.Queue()
    ready = context.Semaphore(0)
    workers = [context.Process(target=_post, args=(place, seconds, go, ready, counts)) for place in range(clients)]
    if sealed:
        workers.append(context.Process(target=_seal, args=(seconds, go, ready)))
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.acquire()
    go.set()
    done = sum(counts.get() for _ in range(clients))
    for worker in workers:
        worker.join()
    return float(done) / seconds


def _post(place: int, seconds: float, go: Event, ready: object, counts: object) -> None:
    django.setup()
    from core import clock
    from escrow import ledger
    from escrow.ledger import Entry
    from escrow.models import TransferKind

    one, two = ledger.accounts(f"suspense:a{place}:CNY", f"suspense:b{place}:CNY")
    ref, done, now = time.time_ns() + place, 0, clock.now()
    ready.release()  # type: ignore[attr-defined]
    go.wait()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ref, done = ref + 16, done + 1
        ledger.post([Entry(TransferKind.SUSPENSE_IN, ref, one, two, 100)], now=now)
    counts.put(done)  # type: ignore[attr-defined]


def _seal(seconds: float, go: Event, ready: object) -> None:
    django.setup()
    from core import clock
    from escrow.records import sealer

    ready.release()  # type: ignore[attr-defined]
    go.wait()
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if sealer.seal(now=clock.now()) < sealer.BATCH:
            time.sleep(min(PAUSE_SECONDS, left))


def _catch_up() -> None:
    """Seal what is left, so that every round begins alike."""
    from core import clock
    from escrow.records import sealer

    start, count = time.monotonic(), 0
    while sealer.waiting_since() is not None:
        count += sealer.seal(now=clock.now())
    if count:
        print(f"    {count:,} sealed in {time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    raise SystemExit(main())
