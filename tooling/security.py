"""`./run security`: Schemathesis, sqlmap and Wapiti against a throw-away sandbox on this machine, bounded in time."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tooling import services
from tooling.house import PYTHON, ROOT, VAR, Refusal, any_port, fingerprint, fresh_settings, run, say
from tooling.processes import Child, stop_all
from tooling.servers import wait_for

SCANNERS = VAR / "security-venv"
LOCK = "requirements-security.txt"
EXPLAINED = ROOT / "tooling" / "security_explained.toml"
BUYER, MERCHANT = "lin.xiao@example.com", "zhao.tian@example.com"
RATES = ("VISITOR", "MEMBER", "SYSTEM", "CHANGE", "ORDER", "CASE", "WORDS", "SIGN_IN", "REFUSED", "SCHEMA")
SEARCHED = (
    "search/?q=tea&sort=price&page=1&low=1&high=100", "?q=tea", "orders/?tab=all&q=1&page=1", "me/inbox/?page=1",
    "me/money/?month=2026-11&page=1", "merchant/orders/?q=1&tab=all&page=1", "merchant/products/?q=tea&page=1",
    "merchant/money/?from=2026-01-01&to=2026-12-31&page=1", "api/v1/products/?q=tea&sort=price&category=tea&cursor=x",
)  # fmt: skip
POSTED = {
    "accounts/login/": "login=lin.xiao@example.com&password=x",
    "cart/add/": "variant=7d1b1f2e-0000-4000-8000-000000000000&quantity=1",
    "language/": "language=en&next=/",
}


@dataclass(frozen=True, slots=True)
class Site:
    base: str
    buyer: str
    merchant: str
    home: Path


@dataclass(frozen=True, slots=True)
class Finding:
    scanner: str
    what: str


def run_security(args: Sequence[str]) -> int:
    """Scan with the named scanners, or all; 1 if anything was found that is not explained."""
    parser = argparse.ArgumentParser(prog="./run security")
    parser.add_argument("scanners", nargs="*", help=f"of {', '.join(SCANS)}; all if none is named")
    parser.add_argument("--minutes", type=float, default=5, help="at most so long for each scanner (5)")
    options = parser.parse_args(list(args))
    wanted = options.scanners or list(SCANS)
    if strange := set(wanted) - set(SCANS):
        raise Refusal(f"No scanner is called {', '.join(sorted(strange))}.")
    ensure_scanners()
    found: list[Finding] = []
    with sandbox() as site:
        for name in wanted:
            say(f"\n{name}, at most {options.minutes:g} minutes")
            found += SCANS[name](site, int(options.minutes * 60))
    return report(found)


def ensure_scanners() -> None:
    """:raises Refusal: when they cannot be installed"""
    stamp = SCANNERS / "installed"
    if stamp.exists() and stamp.read_text() == fingerprint(LOCK):
        return
    pip = SCANNERS / "bin" / "pip"
    if run([sys.executable, "-m", "venv", SCANNERS]) or run([pip, "install", "--quiet", "-r", LOCK]):
        raise Refusal("The scanners could not be installed; they need a package registry.")
    stamp.write_text(fingerprint(LOCK))


@contextmanager
def sandbox() -> Iterator[Site]:
    """A demo of its own, without limits: what a scanner is refused for pace it would not have looked at."""
    told = VAR / "security"  # what the scanners said last time stays to be read
    shutil.rmtree(told, ignore_errors=True)
    told.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="tashi-security-") as folder:
        home, port = Path(folder), any_port()
        base = f"http://127.0.0.1:{port}"
        env = {
            **fresh_settings(), "IGNORE_DOTENV": "1", "VAR_DIR": str(home), "SITE_URL": base, "LOG_LEVEL": "ERROR",
            "DATABASE_URL": f"sqlite:///{home}/tashi.sqlite3", "REDIS_URL": "", "NUDGE": "0",
            **{f"API_RATE_{name}": "" for name in RATES}, "PAGE_LIMITS": "0",
        }  # fmt: skip
        for step in (["static"], ["data", "0"]):
            if Child("preparation", [PYTHON, "-m", "tooling.prepare", *step], env=env).wait():
                raise Refusal("The sandbox could not be made; the lines above say why.")
        command = services.web(bind=f"127.0.0.1:{port}")
        web = Child("web", [PYTHON, "-m", *command], env=env, log=told / "web.log")
        try:
            wait_for(port, web)
            yield Site(base, sign_in(base, BUYER), sign_in(base, MERCHANT), told)
        finally:
            stop_all([web])


def sign_in(base: str, email: str) -> str:
    """The session of one of the demo's people."""
    line = http.client.HTTPConnection(base.removeprefix("http://"), timeout=20)
    line.request("POST", "/sandbox/sign-in/", json.dumps({"email": email}), {"Content-Type": "application/json"})
    answer = line.getresponse()
    for cookie in answer.headers.get_all("Set-Cookie") or []:
        if cookie.startswith("session="):
            return cookie.partition("=")[2].partition(";")[0]
    raise Refusal(f"Nobody was signed in as {email}: {answer.status} {answer.read()[:200]!r}")


def bounded(command: Sequence[str | Path], seconds: int, log: Path, *, env: dict[str, str] | None = None) -> str:
    """Run a scanner and give what it said; one that is not done in time is ended, and what it said counts."""
    with log.open("wb") as out:
        child = subprocess.Popen(
            [str(part) for part in command], cwd=log.parent, stdout=out, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, env={**os.environ, "NO_COLOR": "1", **(env or {})}, start_new_session=True,
        )  # fmt: skip
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 15)
            child.wait()
            say("  ended: its time was over")
    return log.read_text(errors="replace")


def schemathesis(site: Site, seconds: int) -> Iterator[Finding]:
    """Every operation of the description, with right and wrong input: nothing crashes or is not as described."""
    for who, session in (("a buyer", site.buyer), ("nobody", "")):
        report = site.home / f"schemathesis-{'in' if session else 'out'}.xml"
        said = bounded(
            [
                SCANNERS / "bin" / "st", "run", f"{site.base}/api/v1/schema/?format=json",
                "--max-time", str(seconds // 2),
                "--checks", "not_a_server_error,content_type_conformance,response_schema_conformance,"
                "status_code_conformance,unsupported_method,use_after_free,negative_data_rejection"
                + ("" if session else ",ignored_auth"),  # signed in, its other kinds of wrong keys change nothing
                "--continue-on-failure", "--seed", "1", "--no-shrink", "--warnings", "off",
                "--exclude-path-regex", "/auth/session/", "--report-junit-path", report,
                *(["-H", f"X-Session-Token: {session}"] if session else []),
            ],
            seconds // 2 + 60, report.with_suffix(".log"),
        )  # fmt: skip
        say(f"  as {who}: " + (re.findall(r"=+ (.*?) in [\d.]+s =+", said) or ["no summary"])[-1])
        for operation, why in failures(said):
            yield Finding("schemathesis", f"{operation}: {why}")


def failures(said: str) -> Iterator[tuple[str, str]]:
    """``GET /api/v1/…``, and the name of the check it failed with the status it answered, once each."""
    seen = set()
    for part in re.split(r"\n_{5,} ", said)[1:]:
        operation = part.split(" _", 1)[0].strip()
        for check in re.finditer(r"^- (.+)$", part, re.MULTILINE):
            status = re.search(r"^\[(\d{3})\]", part[check.end() :], re.MULTILINE)
            words = f"{check[1]}, answered {status[1]}" if status else check[1]
            if (operation, words) not in seen:
                seen.add((operation, words))
                yield operation, words


def sqlmap(site: Site, seconds: int) -> Iterator[Finding]:
    """Parameters of lists, searches and forms: none reaches the database as SQL."""
    asked: list[list[str | Path]] = [["-u", f"{site.base}/{path}"] for path in SEARCHED]
    asked += [["-u", f"{site.base}/{path}", "--data", body] for path, body in POSTED.items()]
    for number, target in enumerate(asked):
        who = site.merchant if "/merchant/" in str(target[1]) else site.buyer
        said = bounded(
            [
                SCANNERS / "bin" / "sqlmap", *target, "--batch", "--level", "2", "--risk", "1", "--flush-session",
                "--cookie", f"session={who}", "--dbms", "sqlite", "--technique", "BEU",
                "--output-dir", site.home / "sqlmap",
                "--smart", "--threads", "2", "--timeout", "10", "--skip", "session", "--disable-coloring",
            ],
            max(20, seconds // len(asked)), site.home / f"sqlmap-{number}.log",
        )  # fmt: skip
        is_open = "is vulnerable" in said or "injection point(s)" in said
        say(f"  {target[1]}: {'INJECTABLE' if is_open else 'nothing'}")
        if is_open:
            yield Finding("sqlmap", str(target[1]).removeprefix(site.base))


def wapiti(site: Site, seconds: int) -> Iterator[Finding]:
    """What a crawler finds by itself, as a visitor and as a buyer."""
    for who, session in (("visitor", ""), ("buyer", site.buyer)):
        report = site.home / f"wapiti-{who}.json"
        # Modules that need an endpoint outside (ssrf, xxe) are left out: nothing leaves this machine.
        modules = "sql,exec,file,xss,permanentxss,redirect,crlf,csp,http_headers,cookieflags,csrf"
        bounded(
            [
                SCANNERS / "bin" / "wapiti", "-u", f"{site.base}/", "--scope", "domain", "-m", modules, "-d", "4",
                "--max-links-per-page", "40", "--max-files-per-dir", "30", "--max-scan-time", str(seconds // 6),
                "--max-attack-time", str(max(5, seconds // 40)), "--flush-session", "--no-bugreport",
                "--store-session", site.home / f"wapiti-{who}", "--store-config", site.home / "wapiti-config",
                "-x", f"{site.base}/sandbox/*", "-x", f"{site.base}/accounts/logout/", "-f", "json", "-o", report,
                "--drop-set-cookie", *(["-H", f"Cookie: session={session}"] if session else []),
            ],
            seconds // 2 + 60, report.with_suffix(".log"), env={"HOME": str(site.home)},
        )  # fmt: skip
        found = json.loads(report.read_text()) if report.exists() else {}
        told = {
            (kind, f"{row['method']} {row['path']}: {row['info']}")
            for part in ("vulnerabilities", "anomalies")
            for kind, rows in found.get(part, {}).items()
            for row in rows
        }
        pages = found.get("infos", {}).get("crawled_pages_nbr", 0)
        say(f"  as {who}: {pages} pages, {len(told)} findings" if found else f"  as {who}: no report")
        yield from (Finding("wapiti", f"{kind}: {what}") for kind, what in sorted(told))
        if not found:
            yield Finding("wapiti", f"no report as {who}")


SCANS: dict[str, Callable[[Site, int], Iterator[Finding]]] = {
    "schemathesis": schemathesis,
    "sqlmap": sqlmap,
    "wapiti": wapiti,
}


def report(found: Sequence[Finding]) -> int:
    """Say what was found; what the list explains is told with its reason and is no failure."""
    explained = tomllib.loads(EXPLAINED.read_text(encoding="utf-8")).get("explained", [])
    bad = 0
    say("")
    for finding in dict.fromkeys(found):
        known = [row for row in explained if row["scanner"] == finding.scanner and re.search(row["what"], finding.what)]
        why = known[0]["why"] if known else ""
        bad += not why
        say(f"{'explained' if why else 'FOUND    '} {finding.scanner}: {finding.what}")
        if why:
            say(f"          {why}")
    say(f"{len(dict.fromkeys(found))} findings, {bad} of them not explained")
    return 1 if bad else 0
