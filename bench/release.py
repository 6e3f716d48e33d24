"""
The release sweep at length: very many due holds in one run, by as many workers as production would have.

Everything that a release writes is in it: holds, transfers, balances, orders, audit, deadlines, notes of what was sold,
and events; what follows from those (deliveries, sold counts) is written by the drain and the minute's tick. Wanted: 4 x
TPC-B at 8 clients, a last tenth as fast as the first, and a worker that does not grow.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import django

from bench import server
from bench.money import Pgbench
from bench.stats import median

SETTINGS = {"DJANGO_SETTINGS_MODULE": "config.settings", "IGNORE_DOTENV": "1", "DEBUG": "0", "SANDBOX": "0"}
CHUNK = 10_000
TENTHS = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench release")
    parser.add_argument("--holds", type=int, default=100_000, help="due holds in all; 1000000 takes ten minutes")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=5, help="of each pgbench run")
    parser.add_argument("--scale", type=int, default=10, help="of pgbench's tables")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tashi-bench-") as name:
        os.environ.update({**SETTINGS, "VAR_DIR": str(Path(name) / "var"), "LOG_LEVEL": "WARNING"})
        os.environ["SECRET_KEY"] = os.environ.get("SECRET_KEY", "a key for measuring only, of no use to anybody else")
        django.setup()
        measure(args)
    return 0


def measure(args: argparse.Namespace) -> None:
    from bench import deals
    from bench.world import build

    build(products=500, orders=0, full=False)
    start = time.monotonic()
    for done in range(0, args.holds, CHUNK):
        deals.due_holds(min(CHUNK, args.holds - done), start=done)
    deals.settle_tables()
    print(f"  {args.holds:,} due holds made in {time.monotonic() - start:.0f} s")
    pgbench = Pgbench(os.environ["DATABASE_URL"], seconds=args.seconds)
    pgbench.prepare(scale=args.scale)
    print(f"  load average before the run {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    ceiling, theirs = [], []
    for turn in range(4):
        if turn == 2:
            before = server.cpu_seconds()
            seconds, workers = sweep(args.holds, args.workers)
            ours = (server.cpu_seconds() - before + sum(worker["cpu"] for worker in workers)) / args.holds
        tps, cpu = _ceiling(pgbench)
        ceiling.append(tps)
        theirs.append(cpu)
    report(args.holds, seconds, workers, median(ceiling))
    print(
        f"  CPU of server and clients together: {ours * 1e6:.0f} us a hold, {median(theirs) * 1e6:.0f} us a TPC-B "
        f"transaction, x {median(theirs) / ours:.2f}"
    )
    deals.check_books()
    print("  the books balance afterwards")


def _ceiling(pgbench: Pgbench) -> tuple[float, float]:
    """Transactions per second of eight clients, and the CPU seconds that each costs them and the server."""
    spent, clients = server.cpu_seconds(), resource.getrusage(resource.RUSAGE_CHILDREN)
    tps = pgbench.tps(clients=8)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = server.cpu_seconds() - spent
    spent += after.ru_utime + after.ru_stime - clients.ru_utime - clients.ru_stime
    return tps, spent / (tps * pgbench.seconds)


def sweep(holds: int, workers: int) -> tuple[float, list[dict[str, Any]]]:
    """Let the workers go at one moment; give the seconds until the last is done, and what each has seen."""
    context = multiprocessing.get_context("spawn")
    go, ready, told = context.Event(), context.Semaphore(0), context.Queue()
    processes = [context.Process(target=_work, args=(holds, go, ready, told)) for _ in range(workers)]
    for process in processes:
        process.start()
    for _ in processes:
        ready.acquire()
    start = time.monotonic()
    go.set()
    found = [told.get() for _ in processes]
    seconds = time.monotonic() - start
    for process in processes:
        process.join()
    return seconds, found


def _work(holds: int, go: Any, ready: Any, told: Any) -> None:
    django.setup()
    from core import deadlines
    from flows.deadlines import KINDS

    seen: list[tuple[float, int]] = []  # when a batch was done, and how many rows it had
    memory: list[float] = []

    def watched(subjects: Sequence[str], now: datetime) -> None:
        kind.handler(subjects, now)
        seen.append((time.monotonic() - start, len(subjects)))
        memory.append(_resident_mb())

    kind = next(kind for kind in KINDS if kind.name == "escrow.release")
    deadlines.install([replace(kind, handler=watched)])
    ready.release()
    go.wait()
    start, cpu = time.monotonic(), time.process_time()
    while deadlines.sweep():  # as the worker's tick, one after the other
        pass
    told.put({"seen": seen, "memory": memory, "cpu": time.process_time() - cpu})


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def report(holds: int, seconds: float, workers: list[dict[str, Any]], ceiling: float) -> None:
    """Rate beside the ceiling, the rate of each tenth of the rows, and the workers' memory."""
    batches = sorted(batch for worker in workers for batch in worker["seen"])
    released = sum(count for _, count in batches)
    rate = released / seconds
    print(f"\n  pgbench TPC-B-like, 8 clients           {ceiling:9,.0f} tps")
    words = f"released by {len(workers)} workers"
    print(f"  {words:<38} {rate:9,.0f} holds/s   x {rate / ceiling:.2f} (wanted 4)")
    rates = tenths(batches, released)
    print("  holds/s in each tenth: " + " ".join(f"{one:,.0f}" for one in rates))
    print(f"  last tenth beside the first: {rates[-1] / rates[0]:.2f} (wanted 0.90)")
    for number, worker in enumerate(workers, 1):
        print(
            f"  worker {number}: {worker['memory'][0]:.0f} MB at first, {max(worker['memory']):.0f} MB at most (< 300)"
        )
    if released != holds:
        raise SystemExit(f"only {released:,} of {holds:,} were handed over")


def tenths(batches: list[tuple[float, int]], total: int) -> list[float]:
    """Rows a second in each tenth of ``total`` rows, from the moments at which batches ended."""
    rates: list[float] = []
    began, done = 0.0, 0
    for at, count in batches:
        done += count
        if done >= total * (len(rates) + 1) / TENTHS and at > began:
            rates.append((total / TENTHS) / (at - began))
            began = at
    return rates


if __name__ == "__main__":
    raise SystemExit(main())
