"""CPU time of a process and all below it, read from /proc."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")


def is_known() -> bool:
    return (PROC / "self" / "schedstat").exists()


class Tree:
    """A process and its children, such as a database server; what has ended meanwhile is counted by its parent."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.tick = os.sysconf("SC_CLK_TCK")

    @staticmethod
    def parent_of(pid: int) -> int:
        return int(_stat(pid)[1])

    def cpu_seconds(self) -> float:
        """All that it has used so far. Of the living to the nanosecond, of those that have ended to the tick."""
        living = [self.root, *_children(self.root)]
        ended = sum(int(field) for field in _stat(self.root)[13:15])  # cutime, cstime
        return sum(_on_cpu(pid) for pid in living) + ended / self.tick


def _stat(pid: int) -> list[str]:
    """The fields behind the name, which may hold blanks: state, parent, …"""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _on_cpu(pid: int) -> float:
    try:
        return int((PROC / str(pid) / "schedstat").read_text().split()[0]) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def _children(pid: int) -> list[int]:
    return [int(child) for child in (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()]
