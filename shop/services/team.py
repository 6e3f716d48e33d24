"""Who works in a store: invited, joined, given another role, gone. What changes works with the next request."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import phones
from accounts.models import ApiToken
from accounts.queries.people import person
from accounts.services import standing
from core import audit, deadlines, outbox
from core.actor import SYSTEM, Actor
from core.errors import DomainError, Invalid, NotFound
from core.transitions import advance
from shop.errors import AlreadyInTeam, InvitationGone, LastOwner, NotForYou, TeamHeld
from shop.models import Store, StoreInvitation, StoreMember
from shop.roles import Act, Role, may
from shop.services.access import require
from shop.services.standing import lock_store, refresh
from shop.states import INVITATION, InvitationStatus

VALID = timedelta(days=7)
SALT = "shop.team.invitation"
MOST = 50  # people in a team and open invitations


@transaction.atomic
def invite(*, store: Store, to: str, role: str, actor: Actor, now: datetime) -> StoreInvitation:
    """
    Invite whoever owns a phone number or an e-mail address.

    :raises Invalid: if it is neither, the role is none, or it was invited already
    :raises AccountLimited: if the account of who invites brings nobody in now
    """
    store = lock_store(store.pk)
    require(store, Act.TEAM, actor=actor)
    standing.require(actor.user_id, "change_team")
    assert actor.user_id is not None
    email, phone = _read(to)
    if role not in Role.values:
        raise Invalid
    if (
        store.members.filter(left_at__isnull=True).count()
        + store.invitations.filter(status=InvitationStatus.OPEN).count()
        >= MOST
    ):
        raise Invalid(_("A team has at most fifty people. Remove somebody first."))
    row = StoreInvitation(
        store=store, role=role, email=email, phone=phone, invited_by=actor.user_id, invited_at=now,
        expires_at=now + VALID,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as taken:
        raise Invalid(fields={"to": _("An invitation to this address is open already.")}) from taken
    deadlines.schedule("invitation.expires", subject=row.pk, due_at=row.expires_at)
    _record("team.invited", store, actor, to=row.to, role=role)
    outbox.publish("team.invited", invitation_id=str(row.pk))
    return row


def _read(to: str) -> tuple[str, str]:
    """An address as it is kept: e-mail in small letters, phone as E.164."""
    text = to.strip()
    try:
        if "@" not in text:
            return "", phones.to_e164(text)
        validate_email(text)
    except ValidationError as fault:
        raise Invalid(fields={"to": _("Enter an e-mail address or a phone number.")}) from fault
    return text.lower()[:254], ""


def token_of(row: StoreInvitation) -> str:
    """What the link holds: which invitation, signed, and for whom. Who reads it still has to be that person."""
    return signing.dumps([str(row.pk), row.to], salt=SALT, compress=True)


def invitation_of(token: str, *, user_id: UUID) -> StoreInvitation:
    """
    The invitation behind a link, for the one it was sent to.

    :raises InvitationGone: if the link is not ours, or too old
    :raises NotForYou: for everybody else
    """
    try:
        pk, to = signing.loads(token, salt=SALT, max_age=VALID)
    except (signing.BadSignature, ValueError, TypeError) as fault:
        raise InvitationGone from fault
    row = StoreInvitation.objects.select_related("store").filter(pk=pk).first()
    if row is None or row.to != to:
        raise InvitationGone
    if not _is_invitee(row, user_id):
        raise NotForYou
    return row


def _is_invitee(row: StoreInvitation, user_id: UUID) -> bool:
    """Only an address he has proven counts as his."""
    user = person(user_id)
    if row.phone:
        return bool(user.phone_verified and user.phone == row.phone)

    found: bool = EmailAddress.objects.filter(user_id=user_id, email__iexact=row.email, verified=True).exists()
    return found


@transaction.atomic
def join(*, token: str, actor: Actor, now: datetime) -> StoreMember:
    """
    Accept an invitation, once.

    :raises InvitationGone: if it was answered, taken back or has run out
    :raises NotForYou: if it was sent to somebody else
    :raises AlreadyInTeam: if he is in the team
    :raises TeamHeld: while the account of who has invited him is limited or frozen
    """
    assert actor.user_id is not None
    row = invitation_of(token, user_id=actor.user_id)
    store = lock_store(row.store_id)
    row.refresh_from_db()
    if row.status != InvitationStatus.OPEN or now >= row.expires_at:
        raise InvitationGone
    _inviter_may(store, row)
    if store.role_of(actor.user_id):
        raise AlreadyInTeam
    advance(row, InvitationStatus.ACCEPTED, machine=INVITATION, actor=actor, reason="joined",
            answered_by=actor.user_id, answered_at=now)  # fmt: skip
    deadlines.cancel("invitation.expires", subject=row.pk)
    member = StoreMember.objects.create(store=store, user_id=actor.user_id, role=row.role, joined_at=now)
    _record("team.joined", store, actor, role=row.role, invitation=str(row.pk))
    outbox.publish("team.joined", store_id=str(store.pk), user_id=str(actor.user_id), role=row.role)
    return member


def _inviter_may(store: Store, row: StoreInvitation) -> None:
    """A thief's invitation opens nothing once he is out of the team, or the account he came by is limited."""
    if not may(store.role_of(row.invited_by), Act.TEAM):
        raise InvitationGone
    try:
        standing.require(row.invited_by, "change_team")
    except DomainError as refusal:
        raise TeamHeld from refusal


@transaction.atomic
def revoke(*, store: Store, invitation_id: UUID, actor: Actor, now: datetime) -> None:
    """:raises InvitationGone: if it is not open any more"""
    require(store, Act.TEAM, actor=actor)
    row = StoreInvitation.objects.filter(pk=invitation_id, store=store).first()
    if row is None:
        raise NotFound
    if row.status != InvitationStatus.OPEN:
        raise InvitationGone
    advance(row, InvitationStatus.REVOKED, machine=INVITATION, actor=actor, reason="taken back", answered_at=now)
    deadlines.cancel("invitation.expires", subject=row.pk)


@transaction.atomic
def expire(*, invitation_id: UUID, now: datetime) -> None:
    """Deadline: nobody has answered."""
    deadlines.finish("invitation.expires", subjects=[invitation_id])
    row = StoreInvitation.objects.get(pk=invitation_id)
    if row.status == InvitationStatus.OPEN:
        advance(row, InvitationStatus.EXPIRED, machine=INVITATION, actor=SYSTEM, reason="not answered",
                answered_at=now)  # fmt: skip


@transaction.atomic
def change_role(*, store: Store, user_id: UUID, role: str, actor: Actor, now: datetime) -> None:
    """
    Give somebody another role.

    :raises LastOwner: if it is the one the store belongs to; he hands it over by leaving
    """
    store = lock_store(store.pk)
    require(store, Act.TEAM, actor=actor)
    standing.require(actor.user_id, "change_team")
    if role not in Role.values:
        raise Invalid
    if user_id == store.owner_id:
        raise LastOwner
    member = _member(store, user_id)
    before, member.role = member.role, role
    member.save(update_fields=["role"])
    _record("team.role", store, actor, user=str(user_id), before=before, after=role)
    outbox.publish("team.role", store_id=str(store.pk), user_id=str(user_id), role=role, time=now.isoformat())


@transaction.atomic
def remove(*, store: Store, user_id: UUID, actor: Actor, now: datetime) -> None:
    """
    Take somebody out of the team, or leave it oneself. Works at once; the tokens he has made are closed.

    Who the store belongs to hands it to another owner by leaving.

    :raises LastOwner: if there is no other owner, or somebody else would throw him out
    :raises AccountLimited: if the account of who removes somebody, or hands the store over, may not now
    """
    store = lock_store(store.pk)
    if user_id != actor.user_id:
        require(store, Act.TEAM, actor=actor)
        standing.require(actor.user_id, "change_team")
    if user_id == store.owner_id:
        heir = store.members.filter(role=Role.OWNER, left_at__isnull=True).order_by("joined_at", "pk").first()
        if user_id != actor.user_id or heir is None:
            raise LastOwner
        standing.require(actor.user_id, "change_team")
        Store.objects.filter(pk=store.pk).update(owner_id=heir.user_id)
        heir.delete()
        StoreMember.objects.create(
            store=store, user_id=user_id, role=Role.OWNER, joined_at=store.created_at, left_at=now
        )
        refresh(store.pk, actor=actor)
        _record("team.handed_over", store, actor, to=str(heir.user_id))
    else:
        member = _member(store, user_id)
        member.left_at = now
        member.save(update_fields=["left_at"])
    ApiToken.objects.filter(store_id=store.pk, user_id=user_id, revoked_at__isnull=True).update(revoked_at=now)
    _record("team.left" if user_id == actor.user_id else "team.removed", store, actor, user=str(user_id))
    outbox.publish(
        "team.left", store_id=str(store.pk), user_id=str(user_id), by=str(actor.user_id), time=now.isoformat()
    )


def _member(store: Store, user_id: UUID) -> StoreMember:
    member: StoreMember | None = store.members.filter(user_id=user_id, left_at__isnull=True).first()
    if member is None:
        raise NotFound
    return member


def _record(act: str, store: Store, actor: Actor, **facts: str) -> None:
    audit.record(actor=actor, act=act, subject_type="store", subject=str(store.pk), facts=facts)
