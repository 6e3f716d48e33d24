"""
A worker that can be killed and started again in a moment: ``python -m tests.faults.worker``.

It loads the shop once and forks one working process for each line it reads, saying its id. The forked process does what
``core.tasks.sweep_deadlines`` does, in small batches and with leases of a second instead of minutes, so that what a
killed one held comes back while the test is looking.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from datetime import timedelta

import django


def work() -> None:
    """Sweep and drain until killed."""
    from core import deadlines, outbox

    deadlines.LEASE = outbox.LEASE = timedelta(seconds=1)
    deadlines.install([replace(kind, batch=9) for kind in deadlines.kinds().values()])
    outbox.BATCH = 20
    while True:
        if deadlines.sweep(limit=9) + outbox.drain(limit=20) == 0:
            time.sleep(0.02)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the killed
    django.setup()
    print("ready", flush=True)
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            work()
        print(child, flush=True)


if __name__ == "__main__":
    main()
