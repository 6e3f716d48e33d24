"""Child processes that never outlive the command that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from tooling.house import ROOT

PR_SET_PDEATHSIG = 1


class Stopped(BaseException):
    """The person or the system asked this command to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def stop_on_signals() -> None:
    """Turn Ctrl-C, a closed terminal and a polite kill into `Stopped`, so that everything is put away."""

    def stop(number: int, frame: object) -> None:
        raise Stopped(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def ignore_signals() -> None:
    """Let a second Ctrl-C not interrupt the putting away."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def follow_parent(number: signal.Signals) -> Callable[[], None] | None:
    """Return what a child does before it starts: ask the kernel to be told when its parent dies."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def before_start() -> None:
        for back_to_normal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(back_to_normal, signal.SIG_DFL)
        libc.prctl(PR_SET_PDEATHSIG, int(number))

    return before_start


class Child:
    """One child in a process group of its own, stopped with everything it started."""

    def __init__(
        self,
        name: str,
        args: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        replace: bool = False,
        log: Path | None = None,
        user: str | None = None,
        stop_with: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name, self.log, self.stop_with = name, log, stop_with
        self.begin_again = partial(Child, name, args, env=env, replace=replace, log=log, user=user, stop_with=stop_with)
        output = log.open("ab") if log else None
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            [str(a) for a in args],
            cwd=ROOT if user is None else "/",
            env={**({} if replace else os.environ), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            preexec_fn=follow_parent(stop_with),  # nothing here runs threads when it starts children
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )
        if output:
            output.close()

    def is_running(self) -> bool:
        return self.process.poll() is None

    def wait(self) -> int:
        return self.process.wait()

    def ask_to_stop(self) -> None:
        """Ask the leader; the leader of each of our services stops its own children."""
        with suppress(ProcessLookupError):
            self.process.send_signal(self.stop_with)

    def stop(self, *, patience: float = 10.0) -> None:
        """Wait for the end it was asked for, then end whatever is left of its group."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=patience)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)

    def again(self) -> Child:
        """End what is left of it and start another like it."""
        self.stop(patience=0)
        return self.begin_again()

    def last_lines(self, count: int = 15) -> str:
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


def stop_all(children: Sequence[Child], *, patience: float = 10.0) -> None:
    """Ask all at once, then see each one off."""
    for child in children:
        child.ask_to_stop()
    end = time.monotonic() + patience
    for child in children:
        child.stop(patience=max(0.1, end - time.monotonic()))
