"""Pages of the vetting: the checklist in each of its states, what lies with reviewers, stores and their ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

Page = tuple[str, str]  # whose session, path


def merchant_pages() -> Iterator[Page]:
    """The checklist in each of its states, and each of its steps."""
    from accounts.models import User
    from shop.checklist_words import WRITTEN_HERE
    from shop.models import StoreApplication

    rows = StoreApplication.objects.exclude(status="approved").select_related("store").order_by("created_at")
    owners = {row.status: str(row.store.owner_id) for row in rows}
    for key in owners.values():
        yield key, reverse("merchant:apply")
    for status in ("draft", "submitted", "returned"):
        for key in WRITTEN_HERE:
            yield owners[status], reverse("merchant:apply-step", args=[key])
    for name in ("home", "trial", "account"):
        yield owners["draft"], reverse(f"merchant:{name}")
    yield str(User.objects.get(email="zhao.tian@example.com").pk), reverse("merchant:apply")
    yield _invited()


def _invited() -> Page:
    from accounts.models import User
    from core import clock
    from core.actor import Actor
    from shop.models import Store
    from shop.services import team

    store = Store.objects.filter(status="approved").order_by("slug")[0]
    maya = User.objects.get(email="maya.reed@example.com")
    row = team.invite(
        store=store, to="maya.reed@example.com", role="support", actor=Actor(user_id=store.owner_id), now=clock.now()
    )
    return str(maya.pk), reverse("shop:join", args=[team.token_of(row)])


def console_paths() -> Iterator[str]:
    """Applications in each stage, a renewal, stores, a check and a signature that waits."""
    from accounts.models import User
    from core import clock
    from core.actor import Actor
    from flows import standing
    from shop.models import Store, StoreApplication, StoreDocument
    from shop.services import checks

    for view in ("all", "mine", "renewals", "decided"):
        yield reverse("console:applications") + f"?view={view}"
    rows = StoreApplication.objects.order_by("-submitted_at")
    for row in {(row.status, row.reviewer_id): row for row in rows}.values():
        yield reverse("console:application", args=[row.pk])
    yield reverse("console:renewal", args=[StoreDocument.objects.get(status="review", store__status="approved").pk])
    yield reverse("console:stores")
    yield reverse("console:stores") + "?q=nothing+has+this+name"
    meng, june = (User.objects.get(email=f"{name}@example.com") for name in ("meng.ping", "june.hart"))
    quiet, checked = Store.objects.filter(status="approved", orders=None).order_by("slug")[:2]
    busy = Store.objects.filter(orders__status="delivered").order_by("slug")[0]
    said: dict[str, Any] = {"now": clock.now()}
    checks.open_check(
        store_id=checked.pk, reason="A letter of a buyer.", actor=Actor(user_id=meng.pk, is_mediator=True), **said
    )
    standing.propose_end(
        store_id=busy.pk, reason="Copies of brands.", refund=False, actor=Actor(user_id=june.pk, is_mediator=True),
        **said,
    )  # fmt: skip
    for store in (quiet, checked, busy):
        yield reverse("console:store", args=[store.pk])
    yield reverse("console:checks")
    yield from _reports(busy)


def _reports(store: Any) -> Iterator[str]:
    """One that waits and one that was answered."""
    from accounts.models import User
    from core import clock
    from core.actor import Actor
    from shop.services import reports

    june = User.objects.get(email="june.hart@example.com")
    said = {"ground": "brand", "text": "The mark on the lid is copied.", "language": "en", "now": clock.now()}
    rows = [
        reports.report(link=f"/s/{store.slug}/", email=email, actor=Actor(user_id=None), **said)
        for email in ("one@example.com", "")
    ]
    reports.answer(report_id=rows[1].pk, upheld=True, text="Thank you.", actor=Actor(user_id=june.pk, is_mediator=True),
                   now=clock.now())  # fmt: skip
    yield reverse("console:reports")
    yield reverse("console:reports") + "?view=closed"
    yield from (reverse("console:report", args=[row.pk]) for row in rows)
