"""Gunicorn as in production, and what its processes have used: read from /proc."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tooling import services
from tooling.house import PYTHON, ROOT, any_port
from tooling.processes import Child, stop_all
from tooling.servers import wait_for

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Web:
    """One gunicorn with its workers."""

    def __init__(self, name: str, *, port: int, env: Mapping[str, str], log: Path) -> None:
        self.base = f"http://127.0.0.1:{port}"
        command = services.web(bind=f"127.0.0.1:{port}")
        self.child = Child(name, [PYTHON.parent / command[0], *command[1:]], env=env, log=log)

    @property
    def pids(self) -> list[int]:
        """The master and its workers."""
        pid = self.child.process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, workers)]

    def cpu_seconds(self) -> float:
        return sum(cpu_of(pid) for pid in self.pids)

    def worker_rss(self) -> list[float]:
        """Megabytes that each worker has in memory."""
        sizes = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.pids[1:]]
        return [size * PAGE / 2**20 for size in sizes]


def cpu_of(pid: int) -> float:
    """User and system time of a process so far, in seconds."""
    return ticks_in(Path(f"/proc/{pid}/stat").read_text()) / TICKS


def ticks_in(stat: str) -> int:
    """utime + stime of a /proc/…/stat line; the name in brackets may hold anything, brackets too."""
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@contextmanager
def serve(home: Path, **wanted: Mapping[str, str]) -> Iterator[dict[str, Web]]:
    """
    Start servers by name, each with its own environment; stop them by their ids afterwards.

    A value such as ``{bank}`` stands for the address of that server.
    """
    ports = {name: any_port() for name in wanted}
    bases = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    webs: dict[str, Web] = {}
    try:
        for name, env in wanted.items():
            own = {key: value.format(**bases) for key, value in env.items()}
            webs[name] = Web(name, port=ports[name], env=own, log=home / f"{name}.log")
        for name, web in webs.items():
            wait_for(ports[name], web.child)
        yield webs
    except RuntimeError:
        for web in webs.values():
            print(f"--- {web.child.name}\n{web.child.last_lines(30)}")
        raise
    finally:
        stop_all([web.child for web in webs.values()])


def load(**job: Any) -> float:
    """
    Let another process be the visitors; give the seconds it took.

    :raises RuntimeError: if a page was not what it should be
    """
    done = subprocess.run(
        [PYTHON, "-m", "bench.load"], input=json.dumps(job), capture_output=True, text=True, cwd=ROOT, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"the visitors stopped:\n{done.stderr[-4000:]}")
    return float(json.loads(done.stdout)["seconds"])


@contextmanager
def bank_process(home: Path) -> Iterator[Path]:
    """
    Run the sandbox's pretended provider in a process of its own, whose work is not the shop's; gives its folder.

    Servers that start afterwards with ``home/var`` as their VAR_DIR find it.
    """
    folder = home / "var" / "fakepay"
    (folder / "shop.json").unlink(missing_ok=True)
    command = [PYTHON, "-m", *services.bank(folder=str(folder), port=any_port())]
    bank = Child("bank", command, log=home / "fakepay.log")
    try:
        while not (folder / "shop.json").exists():
            if not bank.is_running():
                raise RuntimeError(bank.last_lines())
            time.sleep(0.02)
        yield folder
    finally:
        stop_all([bank])


@contextmanager
def pretended_bank(home: Path) -> Iterator[None]:
    """The same, found by this process too."""
    from django.conf import settings

    from config.providers import pretended

    before = settings.FAKEPAY_URL, settings.PROVIDERS
    with bank_process(home) as folder:
        settings.FAKEPAY_URL, values = pretended(folder)
        settings.PROVIDERS = {**settings.PROVIDERS, "sandbox": values["sandbox"]}
        try:
            yield
        finally:
            settings.FAKEPAY_URL, settings.PROVIDERS = before
