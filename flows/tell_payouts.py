"""Notices of payouts: to the merchant whose money it is, and to the staff who have to act."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock
from core.money import Money
from core.outbox import Payload
from escrow.models import Payout, PayoutAccount, PayoutStop
from escrow.queries import account_is_old
from flows.telling import tell_owner, tell_staff
from shop.models import Store


def merchant_payout_account(payload: Payload) -> None:
    """A thief who changes the account must not be able to do it in silence."""
    account = PayoutAccount.objects.get(pk=payload["account_id"])
    tell_owner(account.store_id, "escrow.payout_account_set", account.pk, lambda: (
        _("Your payout account is now the one ending in %(last4)s") % {"last4": account.last4},
        _("A changed account is used after three days. If this was not you, change it back at once and write to us."),
    ), sms=True)  # fmt: skip


def merchant_payout_account_old(payload: Payload) -> None:
    """A nudge on the site alone, once for each time it is due; nothing hangs on it."""
    account = PayoutAccount.objects.get(pk=payload["account_id"])
    if not account_is_old(account, now=clock.now()):
        return
    since = account.remind_at or account.created_at
    key = f"{account.pk}:{since.isoformat()}"
    tell_owner(account.store_id, "escrow.payout_account_old", key, lambda: (
        _("Is the account ending in %(last4)s still yours?") % {"last4": account.last4},
        _("Your money goes there. If nobody else can reach it, one press says so; if not, change it."),
    ), email=False, page="merchant:account")  # fmt: skip


def merchant_paid_out(payload: Payload) -> None:
    payout = _payout(payload)
    tell_owner(payout.store_id, "escrow.payout_done", payout.pk, lambda: (
        _("%(amount)s has been paid out to you") % {"amount": payout.amount},
        _("%(place)s has passed it on to your account there, ending in %(last4)s.")
        % {"place": payout.destination.place, "last4": payout.destination.last4} if payout.is_passed_on
        else _("It is at your bank account ending in %(last4)s.") % {"last4": payout.destination.last4},
    ))  # fmt: skip


def merchant_payout_failed(payload: Payload) -> None:
    payout = _payout(payload)
    tell_owner(payout.store_id, "escrow.payout_failed", payout.pk, lambda: (
        _("The payout of %(amount)s came back") % {"amount": payout.amount},
        _("%(place)s could not pass it on: %(why)s. It is in your balance again; please check your account there.")
        % {"place": payout.destination.place, "why": payout.failure} if payout.is_passed_on
        else _("The bank said: %(why)s. The money is in your balance again; please check your account.")
        % {"why": payout.failure},
    ))  # fmt: skip


def merchant_payout_refused(payload: Payload) -> None:
    payout = _payout(payload)
    tell_owner(payout.store_id, "escrow.payout_refused", payout.pk, lambda: (
        _("The payout of %(amount)s was not approved") % {"amount": payout.amount},
        _("Our staff write: %(why)s. The money is in your balance again; please answer us if this is a mistake.")
        % {"why": payout.failure},
    ))  # fmt: skip


def merchant_payout_returned(payload: Payload) -> None:
    payout = _payout(payload)
    tell_owner(payout.store_id, "escrow.payout_returned", payout.pk, lambda: (
        _("Your bank has sent %(amount)s back") % {"amount": payout.amount},
        _(
            "The bank said: %(why)s. The money is in your balance again. Nothing more is paid to the account ending in "
            "%(last4)s until you have entered a payout account again, this one or another."
        )
        % {"why": payout.failure, "last4": payout.destination.last4},
    ), sms=True)  # fmt: skip


def staff_payout_waits(payload: Payload) -> None:
    """At once, and again with each reminder, while it still waits."""
    payout = _payout(payload)
    if payout.status != "approval":
        return
    store = Store.objects.get(pk=payout.store_id)
    tell_staff("escrow.payout_waits", f"{payout.pk}:{payload['time']}", lambda: (
        _("A payout of %(amount)s waits for approval") % {"amount": payout.amount},
        _("%(store)s has been promised its money within 24 hours. Please approve or refuse the payout.")
        % {"store": store.display_name},
    ), url=reverse("console:payouts"))  # fmt: skip


def staff_books_broken(payload: Payload) -> None:
    tell_staff("escrow.books_broken", payload["at"], lambda: (
        _("The books do not agree: all payouts are stopped"),
        _("%(count)s rules are broken. The first of them:") % {"count": payload["count"]}
        + "\n\n" + "\n".join(payload["lines"]),
    ), url=f"{reverse('console:health')}?books=1", sms=True)  # fmt: skip


def staff_custody_short(payload: Payload) -> None:
    tell_staff("escrow.custody_short", f"{payload['stop_id']}:{payload['at']}", lambda: (
        _("Custody is short: all payouts are stopped"),
        _(
            "What lies at the payment providers does not cover what is owed; missing: %(missing)s. Find out where it "
            "is. Payouts go on when somebody lifts the switch; while it is missing two people have to agree to that."
        )
        % {"missing": _amounts(payload["missing"])},
    ), url=reverse("console:payouts"), sms=True)  # fmt: skip


def staff_custody_covered(payload: Payload) -> None:
    tell_staff("escrow.custody_covered", f"{payload['stop_id']}:{payload['at']}", lambda: (
        _("Custody is covered again: payouts are still stopped"),
        _("What was missing is there. Payouts go on when one of the staff lifts the switch."),
    ), url=reverse("console:payouts"))  # fmt: skip


def staff_lift_asked(payload: Payload) -> None:
    stop = PayoutStop.objects.get(pk=payload["stop_id"])
    if not stop.in_force or stop.lift_asked_by is None:
        return
    tell_staff("escrow.lift_asked", f"{stop.pk}:{payload['at']}", lambda: (
        _("A second person is needed to let payouts leave"),
        _("Custody is short of %(missing)s, and payouts are to leave all the same. The reason given: %(why)s")
        % {"missing": _amounts(stop.tolerated), "why": stop.lift_reason},
    ), url=reverse("console:payouts"))  # fmt: skip


def _amounts(missing: Mapping[str, int]) -> str:
    return ", ".join(str(Money(minor, currency)) for currency, minor in missing.items())


def _payout(payload: Payload) -> Payout:
    return Payout.objects.select_related("destination").get(pk=payload["payout_id"])
