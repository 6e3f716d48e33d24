"""Notices about incidents of accounts: to the member what happens, to staff what waits."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Incident, User
from accounts.services.notices import in_language_of, notify
from core import clock
from core.outbox import Payload
from flows.telling import Words, tell_staff


def staff_opened(payload: Payload) -> None:
    _tell_staff(payload, "opened", lambda name: (
        _("Incident: the account of %(name)s") % {"name": name},
        _("It was reported as taken over, or seems so. Somebody has to take it within a day."),
    ))  # fmt: skip


def staff_said(payload: Payload) -> None:
    _tell_staff(payload, f"said:{payload['at']}", lambda name: (
        _("%(name)s has written in an incident") % {"name": name}, _("Read it and go on."),
    ))  # fmt: skip


def staff_waits(payload: Payload) -> None:
    _tell_staff(payload, f"waits:{payload['at']}", lambda name: (
        _("The incident of %(name)s still waits") % {"name": name},
        _("Take it, or close it with what was found."),
    ))  # fmt: skip


def staff_unfreeze_asked(payload: Payload) -> None:
    user = User.objects.get(pk=payload["user_id"])
    tell_staff("account.unfreeze_asked", f"{user.pk}:{payload['at']}", lambda: (
        _("Agree that the account of %(name)s is opened?") % {"name": user.display_name},
        _("There is money in it, so a second of the staff has to agree."),
    ), url=reverse("console:account", args=[user.pk]))  # fmt: skip


def member_opened(payload: Payload) -> None:
    _tell_member(payload, "opened", lambda: (
        _("We have your report about your account"),
        _("Somebody looks at it within a day. Your orders go on meanwhile."),
    ))  # fmt: skip


def member_asked(payload: Payload) -> None:
    _tell_member(payload, f"asked:{payload['at']}", lambda: (
        _("A question about your account"),
        _("Please answer within a week; after that we go on with what we have."),
    ))  # fmt: skip


def member_closed(payload: Payload) -> None:
    _tell_member(payload, "closed", lambda: (
        _("The incident of your account is closed"), _("Read what was found, and what was made good."),
    ))  # fmt: skip


def _tell_staff(payload: Payload, key: str, words: object) -> None:
    row = Incident.objects.select_related("user").get(pk=payload["incident_id"])
    name = row.user.display_name
    tell_staff("account.incident", f"{row.pk}:{key}", lambda: words(name),  # type: ignore[operator]
               url=reverse("console:incident", args=[row.pk]))  # fmt: skip


def _tell_member(payload: Payload, key: str, words: Words) -> None:
    row = Incident.objects.get(pk=payload["incident_id"])
    user_id: UUID = row.user_id
    with in_language_of(user_id):
        subject, body = words()
        notify(
            user_id=user_id, kind="account.incident", key=f"incident:{row.pk}:{key}", subject=subject, body=body,
            url=reverse("accounts:incident", args=[row.pk]), sms=True, now=clock.now(),
        )  # fmt: skip
