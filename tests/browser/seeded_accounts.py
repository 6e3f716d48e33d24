"""Accounts in trouble, and what was announced, as people see them: part of what ``seeded`` walks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.urls import reverse

from accounts.models import AccountRecovery, Announcement, User
from accounts.places import Seen
from accounts.services import changes, incidents
from accounts.services.links import RECOVERY_PHONE, RECOVERY_STOP, recovery_token, stop_token
from core import clock
from core.actor import SYSTEM, Actor
from core.money import Money
from demo.people import PASSWORD
from flows import compensation, guarding, recovery
from shop.models import Store


def incident_pages(lin: Any, key: Callable[[Any], str]) -> Iterator[tuple[str, str]]:
    """A limited account with an incident and a change that its old phone may stop."""

    robbed = User.objects.create(
        phone="+8613900000055", phone_verified=True, name="Robbed", email="robbed@example.com", last_login=clock.now()
    )
    actor = Actor(user_id=robbed.pk)
    change = guarding.note_change("password", changes.before(robbed.pk), actor=actor, now=clock.now())
    assert change is not None
    row = incidents.open_incident(user_id=robbed.pk, text="It was not me.", actor=actor, now=clock.now())
    guarding.limit_account(user_id=robbed.pk, reason="walk", actor=SYSTEM, now=clock.now())
    me = key(robbed)
    yield "", reverse("change_stop", args=[stop_token(user_id=robbed.pk, change_id=change.pk)])
    yield from ((me, reverse(f"accounts:{name}")) for name in ("safety", "reopen", "incident-new"))
    yield me, reverse("accounts:incident", args=[row.pk])
    yield key(lin), reverse("accounts:reopen")
    yield from (("", path) for path in _recoveries(robbed))


def made_good() -> Iterator[str]:
    """An incident of a merchant with an amount that is made good and one that waits for a second person."""
    store = Store.objects.order_by("slug")[0]
    one, other = (Actor(user_id=user.pk, is_mediator=True) for user in User.objects.filter(is_mediator=True)[:2])
    owner = Actor(user_id=store.owner_id)
    row = incidents.open_incident(user_id=store.owner_id, text="It was not me.", actor=owner, now=clock.now())
    for number, (minor, who) in enumerate(((2_000, one), (100_000, other)), start=1):
        compensation.decide(
            incident_id=row.pk, number=number, store_id=store.pk, amount=Money(minor, store.currency), actor=who,
            reason="Our mistake.", now=clock.now(),
        )  # fmt: skip
    yield reverse("console:incident", args=[row.pk])
    yield reverse("console:compensation", args=[row.pk])


def _recoveries(robbed: Any) -> Iterator[str]:
    """A recovery that waits, and one whose one-time link was sent."""

    seen = Seen(ip="114.114.114.114", user_agent="walk")
    for number, person in enumerate((robbed, User.objects.create(phone="+8613900000044", phone_verified=True))):
        row = recovery.start(
            user_id=person.pk, contact="walk@example.com", proofs=["order", "device"], actor=SYSTEM, seen=seen,
            now=clock.now(),
        )  # fmt: skip
        assert row is not None
        if number:
            AccountRecovery.objects.filter(pk=row.pk).update(status="approved")
            yield reverse("recovery_phone", args=[recovery_token(row.pk, salt=RECOVERY_PHONE)])
        else:
            AccountRecovery.objects.filter(pk=row.pk).update(status="review")
            yield reverse("recovery_stop", args=[recovery_token(row.pk, salt=RECOVERY_STOP)])


def fresh(key: str, user: Any) -> str:
    """A session whose owner has just confirmed who he is, for as long as the walk lasts: sensitive pages are walked."""
    from types import SimpleNamespace

    from tests.fresh import note_proof

    note_proof(None, SimpleNamespace(session=SimpleNamespace(session_key=key)), user)
    return key


def announcement_pages(me: str) -> Iterator[tuple[str, str]]:
    """The demo's announcements; with an office for staff's side of them."""
    row = Announcement.objects.order_by("written_at")[0]
    office = "console:" if me else ""
    yield me, reverse(f"{office}announcements")
    yield me, reverse(f"{office}announcement", args=[row.pk])
    if me:
        yield me, reverse("console:announcement-new")
        draft = Announcement.objects.create(
            title_en="Draft", title_zh="草稿", text_en="A.", text_zh="一。", written_by=me, written_at=row.written_at
        )
        yield me, reverse("console:announcement", args=[draft.pk])
        yield me, reverse("console:announcements") + "?view=draft"
    else:
        yield me, reverse("announcements") + "?kind=carrier"


def forgetful() -> None:
    """One for each language, to be given a new password: that ends all sessions, which nobody else's should."""
    for language, _name in settings.LANGUAGES:
        user = User.objects.create_user(email=f"forgets.{language}@example.com", password=PASSWORD)
        EmailAddress.objects.create(user=user, email=user.email or "", verified=True, primary=True)
