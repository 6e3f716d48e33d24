"""Where a store's money goes."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.services import standing
from core import audit, deadlines, outbox
from core.actor import Actor
from core.errors import NotFound
from escrow.errors import AccountChanged, BadPayoutAccount
from escrow.models import Account, PayoutAccount
from escrow.queries.passing_on import provider_that_passes_on
from escrow.queries.payouts import usable_from
from escrow.services import account_reminders, payout_rows

_NUMBER = re.compile(r"\A[0-9A-Z]{8,34}\Z", re.ASCII)
_CONNECTED = re.compile(r"\Aacct_[A-Za-z0-9]{8,50}\Z", re.ASCII)
_OPENID = r"o[A-Za-z0-9_-]{27}"
# Who pays out to accounts of his own instead of a bank's, what their numbers look like, and the words for that.
_OWN_NUMBERS: dict[str, tuple[re.Pattern[str], Promise]] = {
    "stripe": (
        _CONNECTED,
        _("The number of your connected Stripe account: it begins with acct_."),
    ),
    "wechatpay": (
        re.compile(rf"\A{_OPENID}\Z", re.ASCII),
        _("Your openid at our WeChat app: 28 characters, the first an o."),
    ),
}
# What a store's own account is called at a provider that passes payments on to it.
PROVIDER_NUMBERS: dict[str, tuple[re.Pattern[str], Promise]] = {
    "stripe": _OWN_NUMBERS["stripe"],
    "alipay": (
        re.compile(r"\A(?:2088\d{12}|[^\s@]{1,60}@[^\s@]{1,60}|1\d{10})\Z", re.ASCII),
        _("Your Alipay user id of 16 digits that begins with 2088, or the e-mail or mobile number you sign in with."),
    ),
    "wechatpay": (
        re.compile(rf"\A(?:\d{{8,10}}|{_OPENID})\Z", re.ASCII),
        _("Your merchant number at WeChat Pay, 8 to 10 digits, or your openid at our WeChat app."),
    ),
}


@transaction.atomic
def set_payout_account(
    *, store_id: UUID, bank: str, holder: str, number: str, actor: Actor, now: datetime
) -> PayoutAccount:
    """
    Choose where a store's money goes from now on. The old account stays on its payouts, the number lies sealed.

    The same number entered again confirms it, which is what a payout that was sent back asks for.

    :raises AccountLimited: if the account of who sets it may not
    :raises BadPayoutAccount: if something is missing or the number is no account number
    :raises AccountChanged: if it was changed at this very moment
    """
    standing.require(actor.user_id, "change_payout_account")
    plain, wrong = _checked(number)
    bank, holder = bank.strip(), holder.strip()
    faults: dict[str, Promise] = {
        name: _("This is needed.") for name, value in (("bank", bank), ("holder", holder)) if not value
    }
    if len(bank) > 60 or len(holder) > 60:
        faults["bank" if len(bank) > 60 else "holder"] = _("At most 60 characters.")
    if wrong:
        faults["number"] = wrong
    if faults:
        raise BadPayoutAccount(fields=faults)
    return _put(store_id, "", bank, holder, plain, actor=actor, now=now)


@transaction.atomic
def set_provider_account(*, store_id: UUID, gateway: str, number: str, actor: Actor, now: datetime) -> PayoutAccount:
    """
    Choose to which account at a payment provider that provider passes on what it holds for a store. It waits three days
    where money went elsewhere before.

    :raises AccountLimited: if the account of who sets it may not
    :raises NotFound: if that provider passes nothing on
    :raises BadPayoutAccount: if the number is none of an account there
    """
    standing.require(actor.user_id, "change_payout_account")
    if gateway not in PROVIDER_NUMBERS or provider_that_passes_on(gateway) is None:
        raise NotFound
    pattern, words = PROVIDER_NUMBERS[gateway]
    plain = number.strip()
    if not pattern.match(plain):
        raise BadPayoutAccount(fields={"number": words})
    return _put(store_id, gateway, gateway, "", plain, actor=actor, now=now)


@transaction.atomic
def drop_provider_account(*, store_id: UUID, gateway: str, actor: Actor) -> bool:
    """
    Pass nothing more on to a store's account at a provider: payouts again. False if there was none.

    :raises AccountLimited: if the account of who drops it may not
    """
    standing.require(actor.user_id, "change_payout_account")
    done = PayoutAccount.objects.filter(store_id=store_id, gateway=gateway, is_active=True).exclude(gateway="")
    if not done.update(is_active=False):
        return False
    audit.record(
        actor=actor, act="payout_account.dropped", subject_type="store", subject=str(store_id), facts={"bank": gateway}
    )
    return True


def _put(
    store_id: UUID, gateway: str, bank: str, holder: str, plain: str, *, actor: Actor, now: datetime
) -> PayoutAccount:
    rows = PayoutAccount.objects.filter(store_id=store_id, gateway=gateway, is_active=True)
    try:
        with transaction.atomic():
            rows.update(is_active=False)
            PayoutAccount.objects.create(
                store_id=store_id, gateway=gateway, bank=bank, holder=holder, number=plain, last4=plain[-4:],
                created_at=now,
            )  # fmt: skip
    except IntegrityError as fault:  # the constraint of one active account: another press was faster
        raise AccountChanged from fault
    row = rows.get()  # as it lies there, sealed
    audit.record(
        actor=actor, act="payout_account.set", subject_type="store", subject=str(store_id),
        facts={"bank": bank, "last4": row.last4},
    )  # fmt: skip
    if Account.objects.filter(kind="merchant", owner_id=store_id, balance__gt=0).exists():
        look = payout_rows.plan if gateway else _plan_anew
        look(store_id, due_at=max(now, usable_from(row)))
    if not gateway:
        account_reminders.plan(row, now=now)
    outbox.publish("escrow.payout_account_set", store_id=str(store_id), account_id=str(row.pk))
    return row


def _plan_anew(store_id: UUID, *, due_at: datetime) -> None:
    """Payouts cannot leave before the account may be used."""
    deadlines.schedule("payout.due", subject=store_id, due_at=due_at)


def _checked(number: str) -> tuple[str, Promise | None]:
    """A number as it is kept, and what is wrong with it for whoever pays merchants out."""
    if settings.PAYOUT_GATEWAY in _OWN_NUMBERS:
        pattern, words = _OWN_NUMBERS[settings.PAYOUT_GATEWAY]
        own = number.strip()
        return own, None if pattern.match(own) else words
    plain = re.sub(r"[\s-]", "", number).upper()
    return plain, None if _NUMBER.match(plain) else _("8 to 34 digits, as printed on the card or account.")


def set_aside(account_id: UUID) -> bool:
    """Use an account no more until its owner has confirmed or changed it; False if it was not in use."""
    return bool(PayoutAccount.objects.filter(pk=account_id, is_active=True).update(is_active=False))
