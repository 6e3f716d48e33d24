"""Notices of the vetting and of teams: to merchants, to the people they invite, to staff."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.services.messages import send_email, send_sms
from core import clock
from core.outbox import Payload
from core.wording import day
from flows.telling import Words, tell_people, tell_staff
from shop.models import Store, StoreApplication, StoreCheck, StoreDocument, StoreEnding, StoreInvitation
from shop.queries.team import ids_of
from shop.roles import Act, Role
from shop.services.goods_papers import on_sale_by
from shop.services.mutes import topic_of, who_muted
from shop.services.team import token_of

SITE = settings.SITE_NAME


def merchant_submitted(payload: Payload) -> None:
    store = _application(payload).store
    _tell(store, "vetting.submitted", f"{store.pk}:{payload['time']}", lambda: (
        _("Your application is with us"),
        _("We look at it within three working days. You can go on writing products meanwhile."),
    ))  # fmt: skip


def staff_submitted(payload: Payload) -> None:
    application = _application(payload)
    tell_staff("vetting.to_review", f"{application.pk}:{payload['time']}", lambda: (
        _("A store wants to open: %(store)s") % {"store": application.store.display_name},
        _("Its application waits for a reviewer; we have promised an answer within three working days."),
    ), url=reverse("console:application", args=[application.pk]))  # fmt: skip


def merchant_returned(payload: Payload) -> None:
    application = _application(payload)
    _tell(application.store, "vetting.returned", f"{application.pk}:{payload['time']}", lambda: (
        _("Please correct your application"),
        _("Our reviewer writes: %(why)s") % {"why": application.reason},
    ), sms=True)  # fmt: skip


def merchant_approved(payload: Payload) -> None:
    store = Store.objects.get(pk=payload["store_id"])
    _tell(store, "vetting.approved", store.pk, lambda: (
        _("Your store is approved"),
        _("Put your products on sale now. Released money is paid out to your account within 24 hours."),
    ), sms=True, url=reverse("merchant:home"))  # fmt: skip


def merchant_refused(payload: Payload) -> None:
    application = _application(payload)
    _tell(application.store, "vetting.refused", application.pk, lambda: (
        _("Your application was refused"),
        _("Our reviewer writes: %(why)s") % {"why": application.reason},
    ), sms=True)  # fmt: skip


def merchant_unfinished(payload: Payload) -> None:
    application = _application(payload)
    _tell(application.store, "vetting.unfinished", f"{application.pk}:{payload['time']}", lambda: (
        _("Your store is not open yet"),
        _("Some steps of your application are still to do. What you have saved is kept."),
    ))  # fmt: skip


def merchant_lapsed(payload: Payload) -> None:
    application = _application(payload)
    _tell(application.store, "vetting.lapsed", application.pk, lambda: (
        _("Your application has lapsed"),
        _("Nothing came for two months. You can take it up again at any time; what you saved is kept."),
    ))  # fmt: skip


def staff_review_late(payload: Payload) -> None:
    application = _application(payload)
    tell_staff("vetting.review_late", f"{application.pk}:{payload['time']}", lambda: (
        _("An application is overdue: %(store)s") % {"store": application.store.display_name},
        _("It has waited longer than the three working days we promise."),
    ), url=reverse("console:application", args=[application.pk]))  # fmt: skip


def staff_licence_clash(payload: Payload) -> None:
    store, other = (Store.objects.get(pk=payload[name]) for name in ("store_id", "other_id"))
    key = f"{store.pk}:{other.pk}"
    tell_staff("vetting.licence_clash", key, lambda: (
        _("The same licence number at two stores"),
        _("%(store)s entered a licence number that belongs to %(other)s. The entry was refused; please look into it.")
        % {"store": _name(store), "other": _name(other)},
    ), url=reverse("console:store", args=[store.pk]))  # fmt: skip


def staff_renewal(payload: Payload) -> None:
    row = _document(payload)
    tell_staff("vetting.renewal", row.pk, lambda: (
        _("A renewed document to look at"),
        _("%(store)s has sent: %(document)s.") % {"store": row.store.display_name, "document": row.title},
    ), url=reverse("console:applications") + "?view=renewals")  # fmt: skip


def staff_renewal_late(payload: Payload) -> None:
    row = _document(payload)
    tell_staff("vetting.renewal_late", f"{row.pk}:{payload['time']}", lambda: (
        _("A renewed document is overdue"),
        _("%(store)s waits for an answer on: %(document)s.")
        % {"store": row.store.display_name, "document": row.title},
    ), url=reverse("console:applications") + "?view=renewals")  # fmt: skip


def merchant_document_accepted(payload: Payload) -> None:
    row = _document(payload)
    _tell(row.store, "vetting.document_accepted", row.pk, lambda: (
        _("Your document is in order: %(document)s") % {"document": row.title},
        _("What was stopped for want of it is on sale again."),
    ), url=reverse("merchant:documents"))  # fmt: skip


def merchant_document_returned(payload: Payload) -> None:
    row = _document(payload)
    _tell(row.store, "vetting.document_returned", row.pk, lambda: (
        _("Please send this document again: %(document)s") % {"document": row.title},
        _("Our reviewer writes: %(why)s") % {"why": row.reason},
    ), url=reverse("merchant:documents"))  # fmt: skip


def merchant_document_ends(payload: Payload) -> None:
    row = _document(payload)
    goods = on_sale_by(row)
    _tell(row.store, "vetting.document_ends", f"{row.pk}:{payload['days']}", lambda: (
        _("%(document)s runs out on %(day)s") % {"document": row.title, "day": _day(row)},
        " ".join(part for part in (
            _("Send the renewed one before that day and your store goes on without a break: the old one counts "
              "meanwhile."),
            ngettext("%(n)s product is off sale from that day otherwise.",
                     "%(n)s products are off sale from that day otherwise.", goods) % {"n": goods} if goods else "",
        ) if part),
    ), url=reverse("merchant:documents"), sms=payload["days"] <= 7)  # fmt: skip
    _tell_rest(row.store, "vetting.document_ends", f"{row.pk}:{payload['days']}", lambda: (
        _("%(document)s runs out on %(day)s") % {"document": row.title, "day": _day(row)},
        _("An owner of the store has to send the renewed one, or what needs it goes off sale."),
    ), act=Act.PRODUCTS, place="merchant:products")  # fmt: skip


def merchant_document_waits(payload: Payload) -> None:
    row = _document(payload)
    _tell(row.store, "vetting.document_waits", f"{row.pk}:{payload['time']}", lambda: (
        _("A document is still missing: %(document)s") % {"document": row.title},
        _("Send it on the page of your documents."),
    ), url=reverse("merchant:documents"))  # fmt: skip


def merchant_document_expired(payload: Payload) -> None:
    row = _document(payload)
    _tell(row.store, "vetting.document_expired", row.pk, lambda: (
        _("%(document)s has run out: your goods are off sale") % {"document": row.title},
        _("What needs it cannot be bought until we have seen the renewed one. Open orders go on, and your money moves "
          "as before."),
    ), url=reverse("merchant:documents"), sms=True)  # fmt: skip
    _tell_rest(row.store, "vetting.document_expired", row.pk, lambda: (
        _("%(document)s has run out: your goods are off sale") % {"document": row.title},
        _("What needs it cannot be bought until an owner has sent the renewed one. Open orders go on."),
    ), act=Act.PRODUCTS, place="merchant:products")  # fmt: skip


def staff_check_due(payload: Payload) -> None:
    _tell_check("vetting.check_due", payload, _check(payload).pk, late=False)


def staff_check_late(payload: Payload) -> None:
    _tell_check("vetting.check_late", payload, f"{_check(payload).pk}:{payload['time']}", late=True)


def _tell_check(kind: str, payload: Payload, key: object, *, late: bool) -> None:
    row = _check(payload)
    tell_staff(kind, key, lambda: (
        (_("A check is overdue: %(store)s") if late else _("A store is due to be looked at again: %(store)s"))
        % {"store": row.store.display_name},
        row.reason or _("The yearly look: are the documents still right, and does the store do what it says?"),
    ), url=reverse("console:store", args=[row.store_id]))  # fmt: skip


def merchant_suspended(payload: Payload) -> None:
    store = Store.objects.get(pk=payload["store_id"])
    _tell(store, "vetting.suspended", f"{store.pk}:{payload['time']}", lambda: (
        _("Your store is suspended"),
        _("Our staff write: %(why)s. Nothing new can be bought. Please go on with your open orders: their buyers are "
          "waiting, and released money is kept for you.") % {"why": payload["reason"]},
    ), sms=True, url=reverse("merchant:home"))  # fmt: skip
    _tell_rest(store, "vetting.suspended", f"{store.pk}:{payload['time']}", lambda: (
        _("%(store)s is suspended") % {"store": store.display_name},
        _("Nothing new can be bought and payouts wait. Please go on with the open orders: their buyers are waiting."),
    ), act=Act.LOOK)  # fmt: skip


def merchant_reinstated(payload: Payload) -> None:
    store = Store.objects.get(pk=payload["store_id"])
    _tell(store, "vetting.reinstated", f"{store.pk}:{payload['time']}", lambda: (
        _("Your store is open again"),
        _("Your products can be bought, and what waited on your balance is paid out."),
    ), sms=True, url=reverse("merchant:home"))  # fmt: skip
    _tell_rest(store, "vetting.reinstated", f"{store.pk}:{payload['time']}", lambda: (
        _("%(store)s is open again") % {"store": store.display_name},
        _("Its products can be bought, and payouts go out."),
    ), act=Act.LOOK)  # fmt: skip


def staff_still_suspended(payload: Payload) -> None:
    store = Store.objects.get(pk=payload["store_id"])
    tell_staff("vetting.still_suspended", f"{store.pk}:{payload['time']}", lambda: (
        _("%(store)s is still suspended") % {"store": store.display_name},
        _("Decide whether it goes on or the cooperation ends."),
    ), url=reverse("console:store", args=[store.pk]))  # fmt: skip


def staff_end_proposed(payload: Payload) -> None:
    store = Store.objects.get(pk=payload["store_id"])
    ending = StoreEnding.objects.filter(store=store, signed_at__isnull=True).first()
    if ending is None:
        return
    tell_staff("vetting.end_proposed", f"{ending.pk}:{payload['time']}", lambda: (
        _("A second person is needed to end the cooperation with %(store)s") % {"store": store.display_name},
        ending.reason,
    ), url=reverse("console:store", args=[store.pk]))  # fmt: skip


def merchant_ending(payload: Payload) -> None:
    store = Store.objects.get(pk=payload["store_id"])
    ending = StoreEnding.objects.get(store=store)
    _tell(store, "vetting.ending", store.pk, lambda: (
        _("The cooperation with your store ends"),
        _("Our staff write: %(why)s. Nothing new can be bought. Open orders are brought to their end, then your "
          "balance is paid out.") % {"why": ending.reason},
    ), sms=True, url=reverse("merchant:home"))  # fmt: skip
    _tell_rest(store, "vetting.ending", store.pk, lambda: (
        _("The cooperation with %(store)s ends") % {"store": store.display_name},
        _("Nothing new can be bought. Open orders are brought to their end."),
    ), act=Act.LOOK)  # fmt: skip


def merchant_ended(payload: Payload) -> None:
    store = Store.objects.get(pk=payload["store_id"])
    _tell(store, "vetting.ended", store.pk, lambda: (
        _("The cooperation with your store has ended"),
        _("Nothing is open any more, and your balance is on its way to your account. Statements stay readable."),
    ), url=reverse("merchant:statements"))  # fmt: skip


def merchant_papers_purged(payload: Payload) -> None:
    store = Store.objects.get(pk=payload["store_id"])
    _tell(store, "vetting.papers_purged", f"{store.pk}:{payload['time']}", lambda: (
        _("The papers of your store are deleted"),
        _("We had to keep them for a time and no longer. That they were here, of which kind and how we decided stays "
          "on record; the files and numbers are gone."),
    ))  # fmt: skip


def invitee_invited(payload: Payload) -> None:
    """To an address, not to an account: whoever owns it may not have one yet."""
    row = StoreInvitation.objects.select_related("store").get(pk=payload["invitation_id"])
    user = User.objects.filter(email__iexact=row.email).first() if row.email else None
    user = user or (User.objects.filter(phone=row.phone).first() if row.phone else None)
    link = f"{settings.SITE_URL}{reverse('shop:join', args=[token_of(row)])}"
    with translation.override(user.language if user else settings.LANGUAGE_CODE):
        subject = _("%(store)s invites you to its team") % {"store": row.store.display_name}
        body = _("Sign in with this address and accept within seven days:") + f"\n\n{link}"
    key = f"invitation:{row.pk.hex}"
    if row.email:
        send_email(to=row.email, subject=subject, body=body, key=key, now=clock.now())
    else:
        send_sms(to=row.phone, body=f"[{SITE}] {subject} {link}", key=key, now=clock.now())


def owners_joined(payload: Payload) -> None:
    store, person = _store_and_person(payload)
    _tell(store, "team.joined", f"{store.pk}:{person.pk}", lambda: (
        _("%(person)s is in your team now") % {"person": person.display_name},
        _("Role: %(role)s. You can change it or end it at any time.") % {"role": Role(payload["role"]).label},
    ), act=Act.TEAM, url=reverse("merchant:team"))  # fmt: skip


def member_role(payload: Payload) -> None:
    store, person = _store_and_person(payload)
    tell_people([person.pk], "team.role", f"{store.pk}:{payload['time']}", lambda: (
        _("Your role in %(store)s has changed") % {"store": store.display_name},
        _("Role: %(role)s") % {"role": Role(payload["role"]).label},
    ), url=reverse("merchant:home"))  # fmt: skip


def member_left(payload: Payload) -> None:
    store, person = _store_and_person(payload)
    if payload["by"] == payload["user_id"]:
        _tell(store, "team.left", f"{store.pk}:{person.pk}:{payload['time']}", lambda: (
            _("%(person)s has left your team") % {"person": person.display_name},
            _("The access has ended with it."),
        ), act=Act.TEAM, url=reverse("merchant:team"))  # fmt: skip
        return
    tell_people([person.pk], "team.removed", f"{store.pk}:{payload['time']}", lambda: (
        _("You are no longer in the team of %(store)s") % {"store": store.display_name},
        _("An owner of the store has ended your access."),
    ), url=reverse("accounts:me"))  # fmt: skip


def _tell(
    store: Store, kind: str, key: object, words: Words, *, sms: bool = False, url: str = "", act: str = Act.APPLY
) -> None:
    """Tell those of a store whose business it is; who does without such letters reads it on the site."""
    people, quietly = ids_of(store, act=act), who_muted(store, topic_of(kind))
    tell_people(people, kind, key, words, url=url or reverse("merchant:apply"), sms=sms, quietly=quietly)


def _tell_rest(store: Store, kind: str, key: object, words: Words, *, act: str, place: str = "merchant:home") -> None:
    """Tell those of the team whose work it touches and who do not answer for the papers: what it means for them."""
    told = set(ids_of(store, act=Act.APPLY))
    people = [user_id for user_id in ids_of(store, act=act) if user_id not in told]
    tell_people(people, kind, key, words, url=reverse(place), quietly=who_muted(store, topic_of(kind)))


def _application(payload: Payload) -> StoreApplication:
    return StoreApplication.objects.select_related("store").get(pk=payload["application_id"])


def _document(payload: Payload) -> StoreDocument:
    return StoreDocument.objects.select_related("store").get(pk=payload["document_id"])


def _check(payload: Payload) -> StoreCheck:
    return StoreCheck.objects.select_related("store").get(pk=payload["check_id"])


def _store_and_person(payload: Payload) -> tuple[Store, User]:
    return Store.objects.get(pk=payload["store_id"]), User.objects.get(pk=payload["user_id"])


def _name(store: Store) -> str:
    return store.display_name or store.slug


def _day(row: StoreDocument) -> str:
    return day(row.valid_until) if row.valid_until else ""
