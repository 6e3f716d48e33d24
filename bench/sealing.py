"""
What a running sealer costs: single transfers by several clients, with and without it, by the same processes.

One slice is a fixed amount of work, so that a busy machine makes it slower and not smaller. Slices go with, without,
without, with: what drifts within such a four hits both sides alike, and each four gives one ratio. The first figure is
CPU time of clients, sealer and server together, per transfer: on a machine whose processors are the limit it is what
throughput costs, and other people's processes hardly change it. With the sealer a slice ends when all of it is sealed,
also on the clock that stands beside it. Each ratio is the median of the fours with the bootstrap interval that holds it
at 95 %.
"""

from __future__ import annotations

import argparse
import base64
import multiprocessing
import os
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import django

from bench.cpu import Tree, is_known
from bench.stats import Verdict, interval, median

SETTINGS = {"DJANGO_SETTINGS_MODULE": "config.settings", "IGNORE_DOTENV": "1", "DEBUG": "0", "SANDBOX": "1"}
KEY = base64.b64encode(bytes(range(32))).decode()
PAUSE_SECONDS = 3.0  # of the sealer between two looks; the shop's own looks every ten ticks, of a second at least
ORDER = (True, False, False, True)
TARGET = 1.10


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one slice, in seconds."""

    clients: float
    sealer: float
    server: float
    wall: float

    @property
    def cpu(self) -> float:
        return self.clients + self.sealer + self.server


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench sealing")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--transfers", type=int, default=400, help="of each client in each slice")
    parser.add_argument("--fours", type=int, default=10, help="each is four slices: with, without, without, with")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tashi-bench-") as name:
        os.environ.update({**SETTINGS, "VAR_DIR": str(Path(name) / "var"), "LOG_LEVEL": "WARNING", "SIGNING_KEY": KEY})
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        measure(args)
    return 0


def measure(args: argparse.Namespace) -> None:
    if not is_known():
        raise SystemExit("CPU time of the server is read from /proc, which this system does not have.")
    print(f"  load average before the run {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    bench = Bench(clients=args.clients, transfers=args.transfers)
    try:
        bench.slice(sealed=True)  # nothing is counted of the first one: plans, caches, pages
        costs: dict[bool, list[Cost]] = {True: [], False: []}
        for _ in range(args.fours):
            for sealed in ORDER:
                costs[sealed].append(bench.slice(sealed=sealed))
    finally:
        bench.close()
    report(costs, transfers=args.clients * args.transfers)


def report(costs: dict[bool, list[Cost]], *, transfers: int) -> None:
    for sealed, words in ((False, "no sealer"), (True, "a running sealer")):
        rows = costs[sealed]
        shares = " + ".join(
            f"{word} {1000 * median([getattr(row, word) for row in rows]) / transfers:.3f}"
            for word in ("clients", "server", "sealer")
        )
        cpu = 1000 * median([row.cpu for row in rows]) / transfers
        rate = median([transfers / row.wall for row in rows])
        print(f"  {words:<18} {cpu:.3f} ms CPU per transfer ({shares}), {rate:,.0f}/s on the clock")
    for word in ("cpu", "wall"):
        ratios = [with_it / without for with_it, without in zip(*_by_fours(costs, word), strict=True)]
        low, high = interval(ratios)
        print(f"  {word:<5} with : without  x {median(ratios):.3f}, 95 % between {low:.3f} and {high:.3f}")
        if word == "cpu":
            print(Verdict("upper end of the interval of CPU time", high, TARGET, at_most=True))


def _by_fours(costs: dict[bool, list[Cost]], word: str) -> tuple[list[float], list[float]]:
    """For each four the sum of its two slices with, and that of its two without."""
    sides = ([getattr(row, word) for row in costs[sealed]] for sealed in (True, False))
    one, two = ([side[at] + side[at + 1] for at in range(0, len(side), 2)] for side in sides)
    return one, two


class Bench:
    """Clients and a sealer that live through the whole measurement, each with its own connection."""

    def __init__(self, *, clients: int, transfers: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.transfers = transfers
        self.pipes: list[Connection] = []
        self.processes = []
        for place in range(clients + 1):
            here, there = context.Pipe()
            work = _client if place else _sealer
            process = context.Process(target=work, args=(place, there), daemon=True)
            process.start()
            self.pipes.append(here)
            self.processes.append(process)
        for pipe in self.pipes:
            pipe.recv()
        self.sealer, *self.clients = self.pipes
        self.server = Tree(_postmaster())

    def slice(self, *, sealed: bool) -> Cost:
        """The same work once; what is left unsealed is sealed afterwards, outside of the account."""
        server, began = self.server.cpu_seconds(), time.monotonic()
        if sealed:
            self.sealer.send("run")
        for pipe in self.clients:
            pipe.send(self.transfers)
        clients = sum(pipe.recv() for pipe in self.clients)
        wall, sealer = time.monotonic() - began, 0.0
        if sealed:
            self.sealer.send("finish")
            sealer = self.sealer.recv()
            wall = time.monotonic() - began
        cost = Cost(clients=clients, sealer=sealer, server=self.server.cpu_seconds() - server, wall=wall)
        if not sealed:
            for word in ("run", "finish"):
                self.sealer.send(word)
            self.sealer.recv()
        return cost

    def close(self) -> None:
        for pipe in self.pipes:
            pipe.close()
        for process in self.processes:
            process.join(10)
            process.kill()


def _postmaster() -> int:
    """The server's first process: the parent of our own backend."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend: int = cursor.fetchone()[0]
    return Tree.parent_of(backend)


def _client(place: int, pipe: Connection) -> None:
    """Post as many transfers as it is told, and say what CPU time they took."""
    django.setup()
    from core import clock
    from escrow import ledger
    from escrow.ledger import Entry
    from escrow.models import TransferKind

    one, two = ledger.accounts(f"suspense:a{place}:CNY", f"suspense:b{place}:CNY")
    ref, now = time.time_ns() + place, clock.now()
    pipe.send("ready")
    while (count := _heard(pipe)) is not None:
        began = time.process_time()
        for _ in range(count):
            ref += 16
            ledger.post([Entry(TransferKind.SUSPENSE_IN, ref, one, two, 100)], now=now)
        pipe.send(time.process_time() - began)


def _sealer(place: int, pipe: Connection) -> None:
    """Seal as often as it may until it is told to finish; then seal what is left, and say what CPU time it took."""
    django.setup()
    from core import clock
    from escrow.records import sealer

    sealer.waiting_since()
    pipe.send("ready")
    while _heard(pipe) is not None:
        began, is_last = time.process_time(), False
        while True:
            is_last = is_last or (pipe.poll(0) and _heard(pipe) is not None)
            count = sealer.seal(now=clock.now())
            if is_last and not count and sealer.waiting_since() is None:
                break
            if count < sealer.BATCH:
                is_last = (pipe.poll(0.01 if is_last else PAUSE_SECONDS) and _heard(pipe) is not None) or is_last
        pipe.send(time.process_time() - began)


def _heard(pipe: Connection) -> Any:
    """What the measurement says; None once it is over."""
    try:
        return pipe.recv()
    except EOFError:
        return None


if __name__ == "__main__":
    raise SystemExit(main())
