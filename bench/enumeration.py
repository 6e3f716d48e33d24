"""
What the clock says about who has an account: the same forms with names that are somebody's and names that are nobody's.

Each try is a new visitor at a new address with a name that was never typed before; known and unknown take turns, which
of the two is first is drawn. A figure is the time from the form to its answer over one connection, and a quotient is
that of two neighbours, so that what slowed one down slowed both.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import django

from bench.load.visitor import field_of
from bench.names import DOORS, Door
from bench.served import Web, serve
from bench.stats import interval, median
from bench.web import environment

WARM = 6
NOISE = 0.03  # as far apart as two halves of one measurement of the same page
FORM = "application/x-www-form-urlencoded"
QR = Door("code to scan, another's", "/accounts/qr/{token}/", "", "qr")


@dataclass
class Times:
    known: list[float] = field(default_factory=list)
    unknown: list[float] = field(default_factory=list)

    @property
    def quotients(self) -> list[float]:
        return [one / other for one, other in zip(self.known, self.unknown, strict=True)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench enumeration")
    parser.add_argument("--tries", type=int, default=80, help="per door, known and unknown each")
    parser.add_argument("--door", default="", help="only doors with this in their name")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tashi-bench-") as name:
        home = Path(name)
        env = {**environment(home), "TRUSTED_PROXY_COUNT": "1"}  # so that each visitor has an address of his own
        os.environ.update(env)
        django.setup()
        return measure(args.tries, args.door, home=home, env=env)


def measure(tries: int, only: str, *, home: Path, env: dict[str, str]) -> int:
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    doors = [(number, door) for number, door in enumerate((*DOORS, QR)) if only in door.name]
    found: dict[str, Times] = {door.name: Times() for _number, door in doors}
    with serve(home, shop={**env, "SITE_URL": "{shop}"}) as webs:
        for number, door in doors:
            pairs = visits(door, number, tries + WARM)
            connections.close_all()
            _run(found[door.name], webs["shop"], pairs)
    print(f"  {tries} pairs a door, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("\n  door                          known ms   unknown ms   known / unknown   lies between")
    return max(_say(name, times) for name, times in found.items())


def _say(name: str, times: Times) -> int:
    """One line, and whether the clock told the two apart: 5 % of runs over all doors together may err."""
    low, high = interval(times.quotients, share=1 - 0.05 / (len(DOORS) + 1))
    is_same = low <= 1 + NOISE and high >= 1 - NOISE
    numbers = (
        f"{median(times.known) * 1000:8.2f}   {median(times.unknown) * 1000:10.2f}   {median(times.quotients):15.3f}"
    )
    print(f"  {name:<28} {numbers}   {low:.3f} and {high:.3f}   {'same' if is_same else 'DIFFERENT'}")
    return 0 if is_same else 1


@dataclass(frozen=True, slots=True)
class Visit:
    """One try: with whose session, at which address, what is sent."""

    path: str
    fields: dict[str, str]
    session: str = ""


Pair = tuple[Visit, Visit]


def visits(door: Door, number: int, count: int) -> list[Pair]:
    """Names that are there and names that are not, and what else the door wants."""
    sessions = _sessions(door, 2 * count)
    if door is QR:
        shown = [[Visit(door.path.format(token=token), {}, sessions[0]) for token in pair] for pair in _tokens(count)]
        return [(one, other) for one, other in shown]
    known = [_name(door, f"7{number:02d}", place) for place in range(count)]
    unknown = [_name(door, f"6{number:02d}", place) for place in range(count)]
    _members(door, known)
    names = [name for pair in zip(known, unknown, strict=True) for name in pair]
    made = [
        Visit(door.path, {door.field: name, **door.fields}, session)
        for name, session in zip(names, sessions, strict=True)
    ]
    return list(zip(made[::2], made[1::2], strict=True))


def _name(door: Door, mark: str, place: int) -> str:
    return f"+8613{mark}{place:06d}" if door.by == "phone" else f"person-{mark}-{place:04d}@example.com"


def _members(door: Door, names: list[str]) -> None:
    from allauth.account.models import EmailAddress
    from django.contrib.auth.hashers import make_password

    from accounts.models import User

    secret = make_password("nobody-measures-with-this-1")
    by_phone = door.by == "phone"
    rows = [
        User(
            phone=name if by_phone else None, phone_verified=by_phone, email=None if by_phone else name, password=secret
        )
        for name in names
    ]
    User.objects.bulk_create(rows)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=row, email=row.email, verified=True, primary=True) for row in rows if row.email
    )


def _sessions(door: Door, count: int) -> list[str]:
    """For members' doors each try is another member's, who has confirmed what the door asks for."""
    if not door.is_members and door is not QR:
        return [""] * count
    from accounts.models import User
    from accounts.services import challenges
    from accounts.services.step_up import Act
    from bench.world import session_of
    from core import clock

    found = []
    for place in range(count if door is not QR else 1):
        user = User.objects.create(email=f"me-{door.name.split()[0]}-{place}@example.com", name="Me")
        found.append(session_of(user))
        if door.proof:
            now = clock.now()
            row = challenges.open_challenge(
                purpose=door.proof, channel="totp", user_id=user.pk, session_key=found[-1],
                context=Act(door.proof).context, now=now,
            )  # fmt: skip
            challenges.mark_passed(challenge_id=row.pk, now=now)
            _confirmed(user, found[-1])
    return found


def _confirmed(user: Any, key: str) -> None:
    """What allauth wants to know on the same doors."""
    from importlib import import_module

    from allauth.account.internal.userkit import user_id_to_str
    from django.conf import settings

    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    session["account_authentication_methods"] = [{"method": "step_up", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()


def _tokens(count: int) -> list[tuple[str, str]]:
    from uuid import uuid4

    from accounts.models import User
    from accounts.places import Seen
    from accounts.services import qr
    from core import clock

    found = []
    for place in range(count):
        owner = User.objects.create(email=f"owner-{place}@example.com")
        seen = Seen(ip=f"192.0.2.{place % 250}", user_agent="")
        row = qr.ask(session_key=str(place), seen=seen, user_id=owner.pk, now=clock.now())
        found.append((qr.token_of(row.pk), qr.token_of(uuid4())))
    return found


def _run(times: Times, web: Web, pairs: list[Pair]) -> None:
    draw = random.Random(1)
    connection = http.client.HTTPConnection(urlsplit(web.base).netloc, timeout=60)
    for place, pair in enumerate(pairs):
        order = [0, 1] if draw.random() < 0.5 else [1, 0]
        took = {
            which: _try(connection, pair[which], address=f"10.{which}.{place // 250}.{place % 250}") for which in order
        }
        if place >= WARM:
            times.known.append(took[0])
            times.unknown.append(took[1])


def _try(connection: http.client.HTTPConnection, visit: Visit, *, address: str) -> float:
    """Open the page as somebody new, send the form, and give the seconds to its answer."""
    headers = {"X-Forwarded-For": address, "Accept": "text/html", "Accept-Language": "en"}
    cookies = {"session": visit.session} if visit.session else {}
    fields = dict(visit.fields)
    if fields:
        text = _ask(connection, "GET", visit.path, headers, cookies, statuses=(200,))
        fields["csrfmiddlewaretoken"] = field_of(text, "csrfmiddlewaretoken")
    start = time.perf_counter()
    _ask(connection, "POST" if fields else "GET", visit.path, headers, cookies, fields, statuses=(200, 302, 400, 404))
    return time.perf_counter() - start


def _ask(
    connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], cookies: dict[str, str],
    fields: dict[str, str] | None = None, *, statuses: tuple[int, ...],
) -> str:  # fmt: skip
    sent = {**headers, "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    if fields:
        sent["Content-Type"] = FORM
    connection.request(method, path, body=urlencode(fields) if fields else None, headers=sent)
    answer = connection.getresponse()
    text = answer.read().decode()
    for line in answer.headers.get_all("Set-Cookie") or []:
        name, _, value = line.partition(";")[0].partition("=")
        cookies[name] = value
    if answer.status not in statuses:
        raise RuntimeError(f"{method} {path} answered {answer.status}: {text[:500]}")
    return text


if __name__ == "__main__":
    sys.exit(main())
