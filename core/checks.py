"""What ``manage.py check --deploy`` refuses: a shop for real money with demo keys, pretended parts or open doors."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.module_loading import import_string

from core.sealed import ring

DEMO_MARKS = ("demo-key", "demo:")
FEW = 8  # random bytes are hardly ever fewer different ones
SHORTEST_PASSWORD = 12
LEAST_DAYS = 180
PAPERS_LEAST_DAYS = 1095
ENCRYPTED = ("require", "verify-ca", "verify-full")


@register(Tags.security, deploy=True)
def no_demo_parts(**more: Any) -> list[CheckMessage]:
    """No sandbox, no demo key, no pretended bank or carrier where money is real."""
    found: list[CheckMessage] = []
    if settings.SANDBOX:
        found.append(Error("SANDBOX=1 lets anybody be anybody and moves the clock.", id="core.E001"))
    if settings.SECRET_KEY.startswith(DEMO_MARKS) or any(key.startswith(DEMO_MARKS) for key in settings.VAULT_KEYS):
        found.append(Error("SECRET_KEY or VAULT_KEYS is the demo's, which everybody knows.", id="core.E002"))
    if "sandbox" in (*settings.PAYMENT_GATEWAYS, settings.PAYOUT_GATEWAY):
        found.append(
            Error("The sandbox bank pretends: nobody pays. PAYMENT_GATEWAYS=none until there is one.", id="core.E003")
        )
    if not _is_key(settings.SIGNING_KEY):
        found.append(
            Error("SIGNING_KEY is not 32 random bytes in base64: no record is sealed or signed.", id="core.E004")
        )
    return found


@register(Tags.security, deploy=True)
def records_are_kept(**more: Any) -> list[CheckMessage]:
    """What answers for a login half a year later, and what the law wants of those who traded here."""
    short = [name for name in ("logins", "challenges", "changes") if settings.KEEP_DAYS[name] < LEAST_DAYS]
    found: list[CheckMessage] = [
        Error(f"KEEP_{name.upper()}_DAYS is below {LEAST_DAYS}: who was in an account can be asked that long.",
              id="core.E020")
        for name in short
    ]  # fmt: skip
    if settings.PAPERS_ENDED_DAYS < PAPERS_LEAST_DAYS:
        words = "PAPERS_ENDED_DAYS is below three years, for which a platform must know who traded there."
        found.append(Error(words, id="core.E021"))
    return found


@register(Tags.security, deploy=True)
def keys_are_keys(**more: Any) -> list[CheckMessage]:
    """Keys that can be used, and secrets that prove something."""
    found: list[CheckMessage] = []
    try:
        ring("field")
    except ValueError as fault:
        found.append(Error(f"VAULT_KEYS cannot be used: {fault}.", id="core.E005"))
    stripe = settings.PROVIDERS.get("stripe", {})
    if stripe.get("secret_key") and not stripe.get("webhook_secret"):
        found.append(
            Error(
                "STRIPE_SECRET_KEY without STRIPE_WEBHOOK_SECRET: a forged notice of payment looks like a true one.",
                id="core.E006",
            )
        )
    return found


@register(Tags.security, deploy=True)
def no_open_doors(**more: Any) -> list[CheckMessage]:
    """Nothing that shows the inside, answers to any name or talks readably to visitors."""
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("DEBUG=1 shows settings and stack traces to visitors.", id="core.E007"))
    if not settings.SITE_URL.startswith("https://"):
        found.append(Error("SITE_URL is not https: no cookie is safe, no header says so.", id="core.E008"))
    if "*" in settings.ALLOWED_HOSTS or any(host.startswith(".") for host in settings.ALLOWED_HOSTS):
        found.append(Error("ALLOWED_HOSTS takes any name: links in mails could lead elsewhere.", id="core.E009"))
    if not settings.PAGE_LIMITS:
        found.append(Error("PAGE_LIMITS=0: searches, codes and exports may be asked for without end.", id="core.E018"))
    if settings.ALLAUTH_TRUSTED_PROXY_COUNT and not settings.BEHIND_PROXY:
        found.append(
            Error("TRUSTED_PROXY_COUNT without BEHIND_PROXY: visitors write their own address.", id="core.E010")
        )
    return found


@register(Tags.security, deploy=True)
def stores_are_closed(**more: Any) -> list[CheckMessage]:
    """Redis, PostgreSQL, mail and partners: with a password, and encrypted where the line leaves the machine."""
    return [*_redis(settings.REDIS_URL), *_database(settings.DATABASES["default"]), *_mail(), *_partners()]


@register(Tags.security, deploy=True)
def no_demo_people(databases: Sequence[str] | None = None, **more: Any) -> list[CheckMessage]:
    """Whoever has run the demo in this database has let in people whose way in everybody knows."""
    if not databases or settings.SANDBOX:
        return []
    addresses = [person.email for person in import_string(settings.DEMO_PEOPLE)]
    if get_user_model()._default_manager.filter(email__in=addresses, is_active=True).exists():
        return [Error("The demo's people are in the database and active.", id="core.E015")]
    return []


def is_near(host: str) -> bool:
    """The same machine or a network of its containers: a socket, loopback, or a name without a dot."""
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return "." not in host


def is_loopback(host: str) -> bool:
    return is_near(host) and (host in ("", "localhost") or not host[0].isalpha())


def _redis(url: str) -> Iterator[CheckMessage]:
    if not url:
        yield Warning(
            "Without REDIS_URL the queue lies in files: all processes must run on one machine.",
            hint="Fine for one machine; several need REDIS_URL.", id="core.W001",
        )  # fmt: skip
        return
    parts = urlsplit(url)
    host = parts.hostname or ""
    if len(parts.password or "") < SHORTEST_PASSWORD and not is_loopback(host) and parts.scheme != "unix":
        yield Error("Redis has no password worth the name: whoever reaches it runs our tasks.", id="core.E011")
    if parts.scheme == "redis" and not is_near(host):
        yield Error("Redis on another machine without TLS: use rediss://.", id="core.E012")


def _database(config: dict[str, Any]) -> Iterator[CheckMessage]:
    if "sqlite" in config["ENGINE"]:
        yield Warning(
            "SQLite serves one machine and one writer at a time.",
            hint="Fine for a small shop on one machine; see docs/performance.md.", id="core.W002",
        )  # fmt: skip
        return
    host, options = str(config.get("HOST") or ""), config.get("OPTIONS") or {}
    if not is_near(host) and options.get("sslmode") not in ENCRYPTED:
        yield Error("PostgreSQL on another machine without TLS: add ?sslmode=verify-full.", id="core.E013")
    if not is_loopback(host) and not host.startswith("/") and len(config.get("PASSWORD") or "") < SHORTEST_PASSWORD:
        yield Error("PostgreSQL over a network with no password worth the name.", id="core.E016")


def _mail() -> Iterator[CheckMessage]:
    is_smtp = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
    if is_smtp and not is_near(settings.EMAIL_HOST) and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        yield Error("Mails with codes leave readable: set EMAIL_USE_TLS or EMAIL_USE_SSL.", id="core.E014")


def _partners() -> Iterator[CheckMessage]:
    addresses = {name: provider.get("api_base", "") for name, provider in settings.PROVIDERS.items()}
    addresses["SMS_WEBHOOK_URL"] = settings.SMS_WEBHOOK_URL
    for name, address in addresses.items():
        if address.startswith("http://") and not is_near(urlsplit(address).hostname or ""):
            yield Error(f"{name} is reached without TLS.", id="core.E017")


def _is_key(text: str) -> bool:
    try:
        return len(set(base64.b64decode(text, validate=True))) > FEW and len(base64.b64decode(text)) == 32
    except ValueError:
        return False
