"""How a store stands with the platform, in one sentence for its people: what it is, why, and what to do about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from core.wording import day
from shop.models import Store, StoreApplication, StoreEnding
from shop.queries.vetting import application_of, running_out
from shop.states import ApplicationStatus, DocumentStatus, StoreStatus


def standing_of(store: Store, *, now: datetime) -> dict[str, Any] | None:
    """What the home page says first, as components/callout.html takes it; None where all is well."""
    if store.status == StoreStatus.APPLYING:
        return _applying(application_of(store))
    if store.status == StoreStatus.APPROVED:
        return _papers(store, now=now)
    return _apart(store)


def _applying(application: StoreApplication | None) -> dict[str, Any]:
    place = {"act_label": _("Go to the application"), "act_url": reverse("merchant:apply")}
    if application is not None and application.status == ApplicationStatus.SUBMITTED:
        text = _("We look at your application within three working days. You can write products meanwhile.")
        return {"tone": "wait", "title": _("Your store is being looked at"), "text": text, **place}
    if application is not None and application.status == ApplicationStatus.RETURNED:
        return {"tone": "danger", "title": _("Please correct your application"), "text": application.reason, **place}
    text = _("You can prepare everything here. Selling begins once your application is approved.")
    return {"tone": "wait", "title": _("Your store is not open yet"), "text": text, **place}


def _papers(store: Store, *, now: datetime) -> dict[str, Any] | None:
    rows = running_out(store.pk, now=now)
    if not rows:
        return None
    place = {"act_label": _("Send the renewed one"), "act_url": reverse("merchant:documents")}
    gone = [row for row in rows if row.status == DocumentStatus.EXPIRED]
    if gone:
        text = _("%(document)s ran out on %(day)s. What needs it cannot be bought until we have seen the renewed one. "
                 "Open orders go on, and your money moves as before.")  # fmt: skip
        text %= {"document": gone[0].title, "day": day(gone[0].valid_until) if gone[0].valid_until else ""}
        return {"tone": "danger", "title": _("Goods are off sale"), "text": text, **place}
    text = _("%(document)s holds until %(day)s. Send the renewed one before: the old one counts meanwhile.")
    text %= {"document": rows[0].title, "day": day(rows[0].valid_until) if rows[0].valid_until else ""}
    return {"tone": "wait", "title": _("A document runs out soon"), "text": text, **place}


def _apart(store: Store) -> dict[str, Any]:
    if store.status == StoreStatus.SUSPENDED:
        text = _("Nothing new can be bought here. Please go on with your open orders. Released money is kept on your "
                 "balance until this is settled; the reason stands in your messages.")  # fmt: skip
        return {"tone": "danger", "title": _("Your store is suspended"), "text": text}
    if store.status == StoreStatus.ENDING:
        ending = StoreEnding.objects.get(store=store)
        what = _("Orders that are not shipped go back to their buyers.") if ending.refund_unshipped else _(
            "Please ship what is paid.")  # fmt: skip
        text = _("Nothing new can be bought here. Once no order and no case is open, your balance is paid out.")
        return {"tone": "danger", "title": _("The cooperation is ending"), "text": f"{what} {text}"}
    return {"tone": "quiet", "title": _("The cooperation has ended"), "text": _("Statements stay readable.")}
