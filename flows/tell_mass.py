"""A store's message to many, carried to them batch by batch, and its owners told of it."""

from __future__ import annotations

import logging

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.queries.people import person
from accounts.services.notices import in_language_of, notify
from core import clock
from core.links import blotted
from core.outbox import Payload
from flows.telling import tell_people
from shop.models import MassMessage, MassRecipient
from shop.queries.team import ids_of
from shop.roles import Act
from shop.services import mass

log = logging.getLogger(__name__)


def buyers_mass_message(payload: Payload) -> None:
    """
    Tell one batch, then call for the next. Run twice, nobody is told twice, and the second run calls for nothing.

    One address that takes no mail does not hold up the others: his site message is there. If none takes any, the mail
    server is away, and the batch is tried again.
    """
    row = MassMessage.objects.select_related("store").get(pk=payload["message_id"])
    now, after = clock.now(), int(payload["after"])
    if not row.is_under_way or row.cursor != after or not mass.may_go_on(row, now=now):
        return
    batch = mass.next_batch(row, after=after)
    muted = mass.muted_among(batch)
    told = [one for one in batch if one.user_id not in muted]
    faults = [fault for one in told if (fault := _tell(row, one)) is not None]
    if faults and len(faults) == len(told):
        raise faults[0]
    mass.pass_on(row, batch, after=after, left_out=muted, now=now)


def _tell(row: MassMessage, one: MassRecipient) -> OSError | None:
    with in_language_of(one.user_id):
        subject = _("%(store)s: %(subject)s") % {"store": row.store.display_name, "subject": row.subject}
        text = blotted(row.text, row.links, word=_("[link: see it on the site]"))
        why = _("You get this because you have bought from this store. On the page of this message you can mute it.")
        try:
            notify(
                user_id=one.user_id, kind="store.message", key=f"mass:{row.pk}", subject=subject,
                body=f"{text}\n\n{why}", url=reverse("shop:store-message", args=[row.pk]), now=clock.now(),
            )  # fmt: skip
        except OSError as fault:
            log.warning("a mail of message %s was not taken: %r", row.pk, fault)
            return fault
    return None


def owners_mass_sent(payload: Payload) -> None:
    """Whoever has got into a store's account writes to its buyers next: its owners can stop it."""
    row = MassMessage.objects.select_related("store").get(pk=payload["message_id"])
    who = person(row.author_id).display_name
    tell_people(ids_of(row.store, act=Act.TEAM), "store.mass_sent", row.pk, lambda: (
        _("Your store writes to many buyers: %(subject)s") % {"subject": row.subject},
        ngettext("%(person)s has sent it to %(count)s buyer. If nobody of you did this, stop it and look at “Safety”.",
                 "%(person)s has sent it to %(count)s buyers. If nobody of you did this, stop it and look at “Safety”.",
                 row.recipients) % {"person": who, "count": row.recipients},
    ), url=reverse("merchant:message", args=[row.pk]))  # fmt: skip
