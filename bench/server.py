"""What the database server has spent: its processes' CPU time, those that have ended among them."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")
SETTLE_SECONDS = 0.5  # a client that has left is still being counted for a moment


def cpu_seconds() -> float:
    """CPU time of the server of the present connection since it started, on Linux."""
    time.sleep(SETTLE_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        parent = int(_fields(int(cursor.fetchone()[0]))[1])
    utime, stime, gone_utime, gone_stime = map(int, _fields(parent)[11:15])
    spent = utime + stime + gone_utime + gone_stime
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split():
        spent += sum(map(int, _fields(int(pid))[11:13]))
    return spent / TICKS


def _fields(pid: int) -> list[str]:
    """What follows the name in brackets of /proc/…/stat: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
