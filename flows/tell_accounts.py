"""Notices about accounts: logins nobody may overlook, and changes a thief would want to make in silence."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.agents import agent_name
from accounts.models import Device, LoginEvent, QRLogin, RecoveryCode, SignInChange, User
from accounts.queries.people import password_is_old
from accounts.queries.signals import Signals, read_signals
from accounts.services.factors import FEW
from accounts.services.links import not_me_token, stop_token
from accounts.services.messages import send_email, send_sms
from accounts.services.notices import in_language_of, notify
from accounts.services.qr import token_of
from accounts.states import Standing
from accounts.towns import place_words
from core import clock
from core.outbox import Payload
from core.wording import when
from flows.telling import tell_staff


def member_signed_in(payload: Payload) -> None:
    """A login from a device or place not seen before: when, where, with what, and the way to say that it was not me."""
    event = LoginEvent.objects.get(pk=payload["event_id"])
    signals = read_signals(event)
    if event.user_id is None or not (signals.new_device or signals.is_unusual_place):
        return
    with in_language_of(event.user_id):
        subject = _heading(signals)
        place = place_words(event.ip, event.country) or _("place unknown")
        body = "\n".join([
            _("When: %(time)s") % {"time": when(event.at)},
            _("Where: %(place)s (%(ip)s)") % {"place": place, "ip": event.ip},
            _("With: %(device)s") % {"device": agent_name(event.user_agent) or _("unknown")},
            "",
            _("If this was you, you need do nothing. If not, open this page and press the button; it ends every session"
              " and keeps your money where it is:"),
            not_me_url(event.user_id, event.device_id, about=f"login {event.pk}"),
        ])  # fmt: skip
        notify(
            user_id=event.user_id, kind="account.login", key=f"login:{event.pk}", subject=subject, body=body,
            url=reverse("accounts:devices"), sms=signals.is_unusual_place, now=clock.now(),
        )  # fmt: skip


def not_me_url(user_id: UUID, device_id: UUID | None, *, about: str) -> str:
    token = not_me_token(user_id=user_id, device_id=device_id, about=about)
    return f"{settings.SITE_URL}{reverse('not_me', args=[token])}"


def old_channel_changed(payload: Payload) -> None:
    """
    Something about signing in has changed: the old phone or e-mail hears of it first, each with the button that stops
    it; the member finds it in his inbox too.
    """
    row = SignInChange.objects.select_related("user").get(pk=payload["change_id"])
    now, user = clock.now(), row.user
    phone = row.old_value if row.what == SignInChange.What.PHONE else (user.phone or "") * user.phone_verified
    email = row.old_value if row.what == SignInChange.What.EMAIL else user.email or ""
    with in_language_of(user.pk):
        subject = _("Changed: your %(what)s") % {"what": row.get_what_display()}
        words = _("On %(when)s the %(what)s of your account was changed. If this was not you, stop it here:") % {
            "when": when(row.at), "what": row.get_what_display(),
        }  # fmt: skip
        body = f"{words}\n{stop_url(row)}\n" + _("The link works for three days. No payout leaves in that time.")
        notify(
            user_id=user.pk, kind="account.changed", key=f"changed:{row.pk}", subject=subject, body=body, email=False,
            url=reverse("accounts:safety"), now=now,
        )  # fmt: skip
    if phone:
        text = f"[{settings.SITE_NAME}] {words} {stop_url(row)}"
        send_sms(to=phone, body=text, key=f"changed:{row.pk}:sms", now=now, is_secret=True)
    if email:
        send_email(to=email, subject=subject, body=body, key=f"changed:{row.pk}:email", now=now, is_secret=True)


def stop_url(row: SignInChange) -> str:
    token = stop_token(user_id=row.user_id, change_id=row.pk)
    return f"{settings.SITE_URL}{reverse('change_stop', args=[token])}"


def member_device_stolen(payload: Payload) -> None:
    user_id, device = UUID(payload["user_id"]), Device.objects.get(pk=payload["device_id"])
    with in_language_of(user_id):
        notify(
            user_id=user_id, kind="account.device_stolen", key=f"stolen:{device.pk}", sms=True,
            subject=_("A copy of your device's cookie was used; the device was signed out"),
            body=_("Somebody tried to sign in with a secret that only your browser should have. We trust that device no"
                   " more and have ended its sessions. Change your password, and look for strange software on it."),
            url=reverse("accounts:devices"), now=clock.now(),
        )  # fmt: skip


def member_device_asks(payload: Payload) -> None:
    """A new device waits for two minutes: site message and text, not mail, which may be what was stolen."""
    row = QRLogin.objects.get(pk=payload["qr_id"])
    assert row.user_id is not None
    with in_language_of(row.user_id):
        notify(
            user_id=row.user_id, kind="account.device_asks", key=f"asks:{row.pk}", email=False, sms=True,
            subject=_("A new device asks to be let in"),
            body=_("Place: %(place)s (%(ip)s). Look at it within two minutes; if it is not you, refuse.")
            % {"place": place_words(row.ip, row.country) or _("place unknown"), "ip": row.ip},
            url=reverse("qr_phone", args=[token_of(row.pk)]), now=clock.now(),
        )  # fmt: skip


def member_standing(payload: Payload) -> None:
    user_id, to = UUID(payload["user_id"]), payload["to"]
    words = {
        Standing.LIMITED: _limited,
        Standing.FROZEN: _frozen,
        Standing.NORMAL: _normal,
    }.get(Standing(to))
    if words is None or not User.objects.filter(pk=user_id).exists():
        return
    with in_language_of(user_id):
        subject, body = words()
        notify(
            user_id=user_id, kind="account.standing", key=f"standing:{payload['time']}", subject=subject, body=body,
            url=reverse("accounts:safety"), sms=True, now=clock.now(),
        )  # fmt: skip


def member_factor_changed(payload: Payload) -> None:
    """Whoever changes a factor, its owner hears of it on every channel there is (ASVS 6.3.7)."""
    user_id, what = UUID(payload["user_id"]), payload["what"]
    if not User.objects.filter(pk=user_id).exists():
        return
    with in_language_of(user_id):
        body = "\n".join([
            _("When: %(time)s") % {"time": when(datetime.fromisoformat(payload["time"]))},
            "",
            _("If this was you, you need do nothing. If not, open this page and press the button; it ends every session"
              " and keeps your money where it is:"),
            not_me_url(user_id, None, about=f"factor {what}"),
        ])  # fmt: skip
        notify(
            user_id=user_id, kind="account.factor", key=f"factor:{what}:{payload['time']}",
            subject=_factor_words(user_id)[what], body=body, url=reverse("accounts:security"), sms=True,
            now=clock.now(),
        )  # fmt: skip


def member_password_old(payload: Payload) -> None:
    """A nudge on the site alone, once for each password or incident; nothing is refused for its age (ASVS 6.2.10)."""
    user, now = User.objects.get(pk=payload["user_id"]), clock.now()
    if not password_is_old(user, now=now):
        return
    since = user.password_remind_at or user.password_changed_at or user.date_joined
    with in_language_of(user.pk):
        notify(
            user_id=user.pk, kind="account.password_old", key=f"password:{since.isoformat()}", email=False,
            subject=_("A new password would be wise"),
            body=_("Yours is old, or something happened that somebody else may have seen it. You need not; if you use"
                   " it nowhere else and nobody knows it, it is as good as a new one."),
            url=reverse("accounts:security"), now=now,
        )  # fmt: skip


def staff_look_again(payload: Payload) -> None:
    user = User.objects.get(pk=payload["user_id"])
    tell_staff("account.look_again", f"{user.pk}:{payload['time']}", lambda: (
        _("The account of %(name)s still waits: %(standing)s")
        % {"name": user.display_name, "standing": user.get_standing_display()},
        _("Its owner cannot act fully until somebody has looked at it."),
    ), url=reverse("console:home"))  # fmt: skip


def _factor_words(user_id: UUID) -> dict[str, str]:
    left = RecoveryCode.objects.filter(user_id=user_id, used_at__isnull=True).count()
    used = ngettext(
        "A recovery code was used to sign in; %(left)d is left",
        "A recovery code was used to sign in; %(left)d are left",
        left,
    ) % {"left": left}
    if left <= FEW:
        used = f"{used}. {_('Make new ones soon.')}"
    return {
        "totp_added": _("An authenticator app was set up for your account"),
        "totp_removed": _("The authenticator app was removed from your account"),
        "passkey_added": _("A passkey was set up for your account"),
        "passkey_removed": _("A passkey was removed from your account"),
        "recovery_made": _("New recovery codes were made for your account"),
        "recovery_used": used,
        "third_party_added": _("Another site's account may sign in to your account now"),
        "third_party_removed": _("Another site's account was disconnected from your account"),
    }


def _heading(signals: Signals) -> str:
    if signals.impossible_pace:
        return _("Signed in from two countries within two hours")
    if signals.new_country:
        return _("Signed in from another country")
    return _("Signed in on a new device") if signals.new_device else _("Signed in from an unusual place")


def _limited() -> tuple[str, str]:
    return (
        _("Your account is limited for its own safety"),
        _("You can read, buy and receive. Money does not leave, and how you sign in cannot be changed, until it is"
          " clear that it is you. Your orders go on."),
    )  # fmt: skip


def _frozen() -> tuple[str, str]:
    return (
        _("Your account is frozen"),
        _("Every session was ended. Your orders go on, and their buyers and sellers stay protected. Sign in to see what"
          " to do."),
    )  # fmt: skip


def _normal() -> tuple[str, str]:
    return _("Your account is open again"), _("Everything can be done as before.")
