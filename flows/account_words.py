"""
The words for what happens to an account: every kind of audit entry, proof, device and login that its story can tell.

Tables, so that a test can compare them with the source: what is written down somewhere and has no sentence here fails
it. Should one get through all the same, the page says so in plain words and the log names it, the page never.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.purposes import PURPOSES
from accounts.queries.devices import OUTCOMES
from core.money import Money
from escrow.states import PROVIDER_LABELS
from shop.roles import Role

log = logging.getLogger(__name__)
Words = Mapping[str, Promise | str]

ACTS: Words = {
    "account.normal": gettext_lazy("The account was opened again"),
    "account.limited": gettext_lazy("The account was limited"),
    "account.frozen": gettext_lazy("The account was frozen"),
    "account.closed": gettext_lazy("The account was closed"),
    "account.signed_out": gettext_lazy("Staff ended all sessions and revoked all devices"),
    "account.unfreeze_asked": gettext_lazy("Staff asked a second person to open the account again"),
    "account.unfreeze_refused": gettext_lazy("The account was not opened again"),
    "device_lock.on": gettext_lazy("The device lock was switched on"),
    "device_lock.off": gettext_lazy("The device lock was switched off"),
    "factor.totp_added": gettext_lazy("An authenticator app was set up"),
    "factor.totp_removed": gettext_lazy("The authenticator app was removed"),
    "factor.passkey_added": gettext_lazy("A passkey was added"),
    "factor.passkey_removed": gettext_lazy("A passkey was removed"),
    "factor.recovery_made": gettext_lazy("New recovery codes were made"),
    "factor.recovery_used": gettext_lazy("A recovery code was used"),
    "factor.third_party_added": gettext_lazy("Another way to sign in was connected"),
    "factor.third_party_removed": gettext_lazy("Another way to sign in was disconnected"),
    "payout_account.set": gettext_lazy("A new bank account was set for payouts"),
    "payout_account.kept": gettext_lazy("The account for payouts was said to be still right"),
    "payout_account.forgotten": gettext_lazy("The number of an account for payouts was deleted: its time was over"),
    "payout_account.dropped": gettext_lazy("An account for payouts was removed"),
    "payout.approval": gettext_lazy("A payout was asked for; it waits for a second person"),
    "payout.prepared": gettext_lazy("A payout was prepared"),
    "payout.sent": gettext_lazy("A payout was given to the bank"),
    "payout.paid": gettext_lazy("A payout was paid out"),
    "payout.failed": gettext_lazy("A payout did not leave; the money is back on the balance"),
    "payout.returned": gettext_lazy("A payout was sent back by the bank"),
    "payout.made_by_hand": gettext_lazy("A payout was transferred by hand"),
    "product.saved": gettext_lazy("A product was changed"),
    "api_token.made": gettext_lazy("A key for another system was made"),
    "api_token.revoked": gettext_lazy("A key for another system was closed"),
    "mass_message.sent": gettext_lazy("A message to many buyers was sent"),
    "mass_message.stopped": gettext_lazy("A message to many buyers was stopped"),
    "mass_message.finished": gettext_lazy("A message to many buyers reached all of them"),
    "mass_message.muted": gettext_lazy("A store's messages to many were muted"),
    "mass_message.unmuted": gettext_lazy("A store's messages to many were let in again"),
    "coupon.created": gettext_lazy("A coupon was written"),
    "coupon.changed": gettext_lazy("The terms of a coupon were changed"),
    "coupon.draft": gettext_lazy("A coupon was put back to draft"),
    "coupon.running": gettext_lazy("A coupon was started"),
    "coupon.paused": gettext_lazy("A coupon was paused"),
    "coupon.ended": gettext_lazy("A coupon was ended"),
    "adjustment.proposed": gettext_lazy("A correction of the books was proposed"),
    "adjustment.signed": gettext_lazy("A correction of the books was signed"),
    "adjustment.refused": gettext_lazy("A correction of the books was refused"),
    "store.applying": gettext_lazy("The store went back to its application"),
    "store.approved": gettext_lazy("The store was approved"),
    "store.suspended": gettext_lazy("The store was suspended"),
    "store.ending": gettext_lazy("The end of the cooperation with the store began"),
    "store.ended": gettext_lazy("The cooperation with the store ended"),
    "store.end_proposed": gettext_lazy("Staff proposed to end the cooperation with the store"),
    "store.end_dropped": gettext_lazy("Ending the cooperation with the store was dropped"),
    "store.may_sell": gettext_lazy("The store may sell: its documents are in order"),
    "store.may_not_sell": gettext_lazy("The store may not sell: a document has run out"),
    "store.policy": gettext_lazy("The store's return policy was changed"),
    "store.licence_clash": gettext_lazy("The store's licence number is that of another store too"),
    "store.licence_known": gettext_lazy("The store's licence number is that of a store that has ended"),
    "store.papers_held": gettext_lazy("The store's papers are kept longer: a legal hold"),
    "store.papers_let_go": gettext_lazy("The legal hold on the store's papers ended"),
    "store.papers_purged": gettext_lazy("The store's papers were deleted: their time was over"),
    "team.muted": gettext_lazy("Which letters of the store somebody gets was changed"),
    "team.invited": gettext_lazy("Somebody was invited to work in the store"),
    "team.joined": gettext_lazy("Somebody joined the store"),
    "team.role": gettext_lazy("Somebody's role in the store was changed"),
    "team.left": gettext_lazy("Somebody left the store"),
    "team.removed": gettext_lazy("Somebody was removed from the store"),
    "team.handed_over": gettext_lazy("The store was handed over to another owner"),
    "terms.set": gettext_lazy("The store's credit line and reserve were set"),
    "debt.recovered": gettext_lazy("A debt of the store was paid from its balance"),
}
# Told from rows of their own, with more to say; twice would be noise.
TOLD_ELSEWHERE = frozenset({
    "payouts.held", "payouts.let_go", "sign_in.change_stopped", "sign_in.phone_changed", "sign_in.email_changed",
    "sign_in.password_changed", "sign_in.factor_changed",
})  # fmt: skip
# The member is not told whose number it is, nor that it is somebody's.
STAFF_ONLY = frozenset({"store.licence_clash", "store.licence_known"})

WAYS: Words = {
    "password": gettext_lazy("password"),
    "password_reset": gettext_lazy("new password by e-mail"),
    "sms": gettext_lazy("text message"),
    "email": gettext_lazy("e-mail"),
    "sms_password": gettext_lazy("text message and password"),
    "email_password": gettext_lazy("e-mail and password"),
    "totp": gettext_lazy("authenticator app"),
    "passkey": gettext_lazy("passkey"),
    "recovery": gettext_lazy("recovery code"),
    "device": gettext_lazy("a trusted device"),
    "qr": gettext_lazy("QR code scanned by a phone"),
    "step_up": gettext_lazy("confirmed once more"),
    "sign_up": gettext_lazy("sign-up"),
    "order": gettext_lazy("a past order"),
    "second_order": gettext_lazy("another past order"),
    "earlier_address": gettext_lazy("an earlier phone or e-mail"),
    "sandbox": gettext_lazy("sandbox"),
    "google": "Google",
    "qq": "QQ",
    "weixin": gettext_lazy("WeChat"),
}
REVOKED: Words = {
    "member": gettext_lazy("by the member"),
    "reuse": gettext_lazy("its cookie was copied"),
    "not_me": gettext_lazy("“this was not me”"),
    "staff": gettext_lazy("by staff"),
    "expired": gettext_lazy("not used for long"),
    "reset": gettext_lazy("the account was recovered"),
}
# Reasons that the code writes by itself; what people typed is shown as they typed it.
REASONS: Words = {
    "application approved": gettext_lazy("the application was approved"),
    "nothing is open any more": gettext_lazy("nothing is open any more"),
    "opened by its owner": gettext_lazy("by its owner"),
}
NOT_ME = "not me: "
PROOFS: Words = {
    **{name: purpose.words for name, purpose in PURPOSES.items()},
    "login": gettext_lazy("Sign in"),
    "sign_up": gettext_lazy("Sign up"),
    "reset": gettext_lazy("New password by e-mail"),
    "recovery": gettext_lazy("Recover the account"),
    "new_device": gettext_lazy("Trust a new device"),
    "second_factor": gettext_lazy("Sign in with the second factor"),
}
TABLES: dict[str, Words] = {
    "act": ACTS, "way": WAYS, "revoked": REVOKED, "proof": PROOFS, "outcome": OUTCOMES,
}  # fmt: skip


def word(table: str, key: str) -> str:
    """How one of a table's keys is said; of an unknown one that there is no word for it, and the log names it."""
    found = TABLES[table].get(key)
    if found is None:
        log.error("no word for the %s %s in the story of an account", table, key)
        return _("Something that this page has no words for yet")
    return str(found)


def ways(methods: str) -> str:
    """``password+totp`` as a person says it."""
    return ", ".join(word("way", name) for name in methods.split("+") if name)


def reason(text: str, *, is_typed: bool) -> str:
    """Why, if a person may read it: what the code wrote in words of the reader, what others typed as it is."""
    if text.startswith(NOT_ME):
        return str(REVOKED["not_me"])
    return str(REASONS.get(text) or (text if is_typed else ""))


def details(act: str, facts: Mapping[str, Any]) -> list[str]:
    """What an entry's facts add to its sentence; of most there is nothing that a person would want to read."""
    tell = _DETAILS.get(act.partition(".")[0])
    return [part for part in tell(facts) if part] if tell else []


def _factor(facts: Mapping[str, Any]) -> list[str]:
    provider = facts.get("provider")
    return [word("way", provider)] if provider else []


def _bank(facts: Mapping[str, Any]) -> list[str]:
    bank = str(facts.get("bank", ""))
    return [" ".join(filter(None, (str(PROVIDER_LABELS.get(bank, bank)), _last4(facts.get("last4")))))]


def _money(facts: Mapping[str, Any]) -> list[str]:
    return [_amount(facts, "amount_minor"), _last4(facts.get("to"))]


def _prices(facts: Mapping[str, Any]) -> list[str]:
    changed = len(facts.get("prices") or {})
    return [ngettext("%(n)d price", "%(n)d prices", changed) % {"n": changed}] if changed else []


def _token(facts: Mapping[str, Any]) -> list[str]:
    return [str(facts.get("name", "")), _role(facts.get("role"))]


def _coupon(facts: Mapping[str, Any]) -> list[str]:
    return [str((facts.get("terms") or {}).get("code", ""))]


def _team(facts: Mapping[str, Any]) -> list[str]:
    if "before" in facts:
        return [_("%(before)s → %(after)s") % {"before": _role(facts["before"]), "after": _role(facts.get("after"))}]
    return [_role(facts.get("role"))]


def _terms(facts: Mapping[str, Any]) -> list[str]:
    line, share = _amount(facts, "credit_line_minor"), f"{facts.get('reserve_bps', 0) / 100:g} %"
    said = {"line": line, "share": share, "days": facts.get("reserve_days", 0)}
    return [_("credit line %(line)s, reserve %(share)s for %(days)s days") % said]


def _amount(facts: Mapping[str, Any], name: str) -> str:
    minor = facts.get(name)
    return str(Money(minor, str(facts.get("currency") or "CNY"))) if isinstance(minor, int) else ""


def _last4(digits: Any) -> str:
    return f"·{digits}" if digits else ""


def _role(name: Any) -> str:
    return str(Role(name).label) if name in Role.values else ""


_DETAILS: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "factor": _factor, "payout_account": _bank, "payout": _money, "adjustment": _money, "debt": _money,
    "product": _prices, "api_token": _token, "coupon": _coupon, "team": _team, "terms": _terms,
}  # fmt: skip
