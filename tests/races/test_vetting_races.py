"""
Many at one moment on an application, a licence number, an invitation, a team. One wins.

Each test has been seen to fail on PostgreSQL with its guard taken away; its docstring says which.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from core import clock
from core.errors import DomainError
from core.models import AuditEntry
from escrow.models import StorePayoutHold
from flows import vetting
from shop.models import Store, StoreApplication, StoreDocument, StoreMember
from shop.services import applications, reviews, team
from shop.states import ApplicationStatus, StoreStatus
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import actor_of
from tests.vetting import accept_papers, again, begun, code_no, submitted, taken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Start all acts behind one barrier, each on its own connection; give results, or the refusal of the beaten."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return act()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def won(results: Sequence[object]) -> int:
    return sum(not isinstance(result, DomainError) for result in results)


def test_of_two_reviewers_one_gets_the_application():
    """Guard: ``reviewer__isnull=True`` in ``reviews.take``."""
    application = submitted()
    staff = [MediatorFactory() for _ in range(4)]
    results = at_once(
        *(lambda one=one: reviews.take(application_id=application.pk, actor=actor_of(one)) for one in staff)
    )
    assert won(results) == 1
    assert AuditEntry.objects.filter(act="application.taken").count() == 1


def test_approved_and_refused_at_once_is_one_of_the_two():
    """Guard: the row lock of ``reviews._application``, and behind it the compare-and-set of ``advance``."""
    for _ in range(3):
        application, reviewer = taken()
        accept_papers(application, reviewer)
        said = {"application_id": application.pk, "actor": actor_of(reviewer), "now": clock.now()}
        results = at_once(
            lambda said=said: vetting.approve(**said), lambda said=said: vetting.refuse(reason="No.", **said)
        )
        assert won(results) == 1
        row = again(application)
        is_in = row.status == ApplicationStatus.APPROVED
        assert Store.objects.get(pk=row.store_id).status == (StoreStatus.APPROVED if is_in else StoreStatus.ENDED)
        assert (row.licence_index is not None) == is_in
        assert not StorePayoutHold.objects.filter(store_id=row.store_id, in_force=True).exists()
        assert AuditEntry.objects.filter(subject=str(row.pk), act__in=DECISIONS).count() == 1


DECISIONS = ("application.approved", "application.refused")


def test_a_paper_accepted_and_sent_back_at_once_is_one_of_the_two():
    """Guard: the compare-and-set of ``core.transitions.advance``."""
    application, reviewer = taken()
    for row in StoreDocument.objects.filter(store=application.store):
        said = {"document_id": row.pk, "actor": actor_of(reviewer), "now": clock.now()}
        results = at_once(
            lambda said=said: reviews.decide_document(accept=True, reason="", **said),
            lambda said=said: reviews.decide_document(accept=False, reason="Blurred.", **said),
        )
        assert won(results) == 1
        fresh = StoreDocument.objects.get(pk=row.pk)
        assert (fresh.status, fresh.reason) in (("accepted", ""), ("returned", "Blurred."))


def test_one_licence_number_entered_by_many_stores_belongs_to_one():
    """Guard: the constraint ``licence_number_once``."""
    rows = [begun() for _ in range(4)]
    results = at_once(
        *(
            lambda row=row: applications.save_licence(
                store=row.store, legal_name="店", licence_number=code_no(42), actor=actor_of(row.store.owner),
                now=clock.now(),
            )
            for row in rows
        )
    )  # fmt: skip
    assert won(results) == 1
    assert StoreApplication.objects.filter(licence_index__isnull=False).count() == 1


def test_an_invitation_accepted_many_times_at_once_is_one_place_in_the_team():
    """Guard: the lock of ``team.join`` on the store, and behind it the constraint ``member_once``."""
    store, somebody = StoreFactory(), UserFactory()
    row = team.invite(store=store, to=somebody.email, role="shipper", actor=actor_of(store.owner), now=clock.now())
    link = team.token_of(row)
    results = at_once(*(lambda: team.join(token=link, actor=actor_of(somebody), now=clock.now()) for _ in range(4)))
    assert won(results) == 1
    assert StoreMember.objects.count() == 1


def test_two_owners_who_leave_at_once_do_not_leave_the_store_alone():
    """Guard: the lock of ``team.remove`` on the store."""
    for _ in range(3):
        store, second = StoreFactory(), UserFactory()
        StoreMember.objects.create(store=store, user=second, role="owner", joined_at=clock.now())
        first = store.owner
        results = at_once(
            *(
                lambda one=one, store=store: team.remove(
                    store=store, user_id=one.pk, actor=actor_of(one), now=clock.now()
                )
                for one in (first, second)
            )
        )
        assert won(results) == 1
        fresh = Store.objects.get(pk=store.pk)
        left = {row.user_id for row in StoreMember.objects.filter(store=store, left_at__isnull=False)}
        assert fresh.owner_id not in left


def test_a_store_begun_many_times_at_once_is_one_store():
    """Seen red on PostgreSQL without the lock of the person in ``applications.begin``: a store for each press."""
    somebody = UserFactory()
    results = at_once(
        *(lambda: vetting.begin(user_id=somebody.pk, actor=actor_of(somebody), now=clock.now()) for _ in range(6))
    )
    assert won(results) == 6
    assert Store.objects.filter(owner=somebody).count() == 1
    assert StorePayoutHold.objects.filter(in_force=True).count() == 1
