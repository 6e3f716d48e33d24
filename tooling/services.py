"""The command lines of the parts that serve; the demo, docker-compose.yml and the tests use the same ones."""

from __future__ import annotations

WEB_WORKERS = 2
WEB_THREADS = 4


def web(*, bind: str) -> list[str]:
    """Gunicorn, with threads so that a slow visitor does not hold a whole process."""
    size = ["--workers", str(WEB_WORKERS), "--worker-class", "gthread", "--threads", str(WEB_THREADS)]
    logs = ["--logger-class", "core.gunicorn_log.HouseLog", "--access-logfile", "-"]
    return ["gunicorn", "config.wsgi", "--bind", bind, *size, *logs, "--no-control-socket"]


def bank(*, folder: str, port: int) -> list[str]:
    """The sandbox's pretended provider, with its keys and books in a folder."""
    return ["escrow.fakepay", "--folder", folder, "--port", str(port)]


def worker(*, with_beat: str = "") -> list[str]:
    """Celery, in threads; `with_beat` names the book of the ticker that runs inside it."""
    beat_inside = ["-B", "-s", with_beat] if with_beat else []
    return ["celery", "-A", "config", "worker", "-P", "threads", "-c", "4", *beat_inside]


def beat(*, book: str) -> list[str]:
    """The ticker alone; exactly one runs beside several workers."""
    return ["celery", "-A", "config", "beat", "-s", book]
