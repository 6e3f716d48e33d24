"""`./run bench`: hand over to the measurements, with a private PostgreSQL under them."""

from __future__ import annotations

from tooling import mo
from tooling.house import PYTHON, ROOT, Refusal, run, say
from tooling.processes import stop_on_signals
from tooling.servers import throwaway_servers


def measurements() -> list[str]:
    """List what can be measured: the modules of bench/ that can be run."""
    files = sorted((ROOT / "bench").glob("*.py"))
    return [file.stem for file in files if "__main__" in file.read_text(encoding="utf-8")]


def run_bench(args: list[str]) -> int:
    """
    Run one measurement, or all of them, each on a fresh database.

    :raises Refusal: for a name that is none of them
    """
    stop_on_signals()
    there = measurements()
    wanted = [args[0]] if args and not args[0].startswith("-") else there
    rest = args[1:] if args and wanted == [args[0]] else args
    if any(name not in there for name in wanted):
        raise Refusal(f"There is no measurement {wanted[0]!r}. There are: {', '.join(there) or 'none yet'}")
    mo.compile_stale(ROOT / "locale")
    worst = 0
    for name in wanted:
        say(f"\n=== {name} " + "=" * (70 - len(name)))
        with throwaway_servers(careful=True) as env:
            worst = run([PYTHON, "-m", f"bench.{name}", *rest], env=env) or worst
    return worst
