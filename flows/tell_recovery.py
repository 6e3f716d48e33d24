"""Notices about the recovery of an account: every channel of the owner with a stop button, staff, the claimant."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import AccountRecovery
from accounts.services.links import RECOVERY_PHONE, RECOVERY_STOP, recovery_token
from accounts.services.messages import send_email, send_sms
from accounts.services.notices import in_language_of, notify
from accounts.towns import place_words
from core import clock
from core.outbox import Payload
from core.wording import when
from flows.recovery import WAIT
from flows.telling import tell_staff


def owner_started(payload: Payload) -> None:
    """Phone and e-mail, each with the button that stops it; the inbox too."""
    row, now = _row(payload), clock.now()
    url = f"{settings.SITE_URL}{reverse('recovery_stop', args=[recovery_token(row.pk, salt=RECOVERY_STOP)])}"
    with in_language_of(row.user_id):
        subject = _("Somebody wants to recover your account without your phone")
        body = _("On %(when)s a person began it from %(place)s. If it was not you, stop it before %(until)s:") % {
            "when": when(row.started_at), "place": place_words(row.ip, row.country) or _("place unknown"),
            "until": when(row.started_at + WAIT),
        }  # fmt: skip
        notify(user_id=row.user_id, kind="account.recovery", key=f"recovery:{row.pk}", subject=subject, email=False,
               body=f"{body}\n{url}", url=reverse("accounts:safety"), now=now)  # fmt: skip
    user = row.user
    if user.phone and user.phone_verified:
        text = f"[{settings.SITE_NAME}] {subject}. {body} {url}"
        send_sms(to=user.phone, body=text, key=f"recovery:{row.pk}:sms", now=now, is_secret=True)
    if user.email:
        send_email(to=user.email, subject=subject, body=f"{body}\n{url}", key=f"recovery:{row.pk}:email", now=now,
                   is_secret=True)  # fmt: skip


def owner_recovered(payload: Payload) -> None:
    row = _row(payload)
    with in_language_of(row.user_id):
        notify(
            user_id=row.user_id, kind="account.recovery", key=f"recovered:{row.pk}", sms=True, now=clock.now(),
            subject=_("Your account has a new phone"), url=reverse("accounts:safety"),
            body=_("It was recovered. Every session was ended and the old password opens nothing: sign in with a code"
                   " to the new phone. Payouts wait three days."),
        )  # fmt: skip


def staff_waits(payload: Payload) -> None:
    row = _row(payload)
    tell_staff("account.recovery", f"{row.pk}:{payload['at']}", lambda: (
        _("Recovery of %(name)s: look at the proofs") % {"name": row.user.display_name},
        _("Three days are over and nobody objected."),
    ), url=reverse("console:recovery", args=[row.pk]))  # fmt: skip


def claimant_approved(payload: Payload) -> None:
    """The one-time link, to where the claimant said he can be reached."""
    row = _row(payload)
    url = f"{settings.SITE_URL}{reverse('recovery_phone', args=[recovery_token(row.pk, salt=RECOVERY_PHONE)])}"
    with in_language_of(row.user_id):
        subject = _("Prove your new phone")
        _to_contact(row, "approved", subject, _("Open this link within a day; it works once:") + f"\n{url}")


def claimant_refused(payload: Payload) -> None:
    row = _row(payload)
    with in_language_of(row.user_id):
        words = _("We could not be sure enough that this account is yours. Write to us if you have more to show.")
        _to_contact(row, "refused", _("Your account could not be recovered"), words)


def _to_contact(row: AccountRecovery, what: str, subject: str, body: str) -> None:
    now, key = clock.now(), f"recovery:{row.pk}:{what}"
    if "@" in row.contact:
        send_email(to=row.contact, subject=subject, body=body, key=key, now=now, is_secret=True)
    else:
        send_sms(to=row.contact, body=f"[{settings.SITE_NAME}] {subject}. {body}", key=key, now=now, is_secret=True)


def _row(payload: Payload) -> AccountRecovery:
    return AccountRecovery.objects.select_related("user").get(pk=payload["recovery_id"])
