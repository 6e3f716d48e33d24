"""Incidents of accounts: reported, looked into, measured, closed; one with money is opened by two of the staff."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation

from accounts.models import Incident, IncidentEntry, MemberSession, Notice, UnfreezeRequest, User
from accounts.places import Seen
from accounts.services import devices, incidents, stays
from accounts.services.devices import Recognition
from accounts.services.step_up import Act
from accounts.states import IncidentStatus, Standing
from core import clock
from core.actor import SYSTEM, Actor
from core.errors import Forbidden, IllegalTransition, NotFound
from core.models import AuditEntry
from escrow.errors import NeedsReason
from escrow.services import holds
from flows import guarding
from flows import incidents as measures
from flows.account_timeline import timeline_of
from tests.accounts.proofs import prove
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.escrow import OrderFactory, held, payout_account
from tests.factories.shop import StoreFactory
from tests.stories import actor_of, open_case, paid_order, settle, wait

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture
def lin():
    return UserFactory(language="en", last_login=clock.now(), name="Lin")


@pytest.fixture
def staff():
    return MediatorFactory(language="en")


def report(user, actor=None):
    return incidents.open_incident(
        user_id=user.pk, text="I did not order this.", actor=actor or actor_of(user), now=clock.now()
    )


def freeze(user, staff):
    return measures.restrict(
        user_id=user.pk, to=Standing.FROZEN, reason="taken over", actor=actor_of(staff), now=clock.now()
    )


def unfreeze(user, staff):
    return measures.unfreeze(user_id=user.pk, reason="it is him", actor=actor_of(staff), now=clock.now())


def standing_of(user):
    return User.objects.get(pk=user.pk).standing


def with_money(user):
    store = StoreFactory(owner=user)
    hold = held(order=OrderFactory(items_minor=10_000, store=store))
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    return store


# --- the case of it ---------------------------------------------------------------------------------------------------


def test_a_member_reports_staff_take_ask_and_close_and_he_reads_what_was_made_good(client, lin, staff):
    client.force_login(lin)
    assert client.post("/me/incidents/new/", {"text": "A payout was not mine."}).status_code == 302
    row = Incident.objects.get()
    settle()
    assert Notice.objects.filter(user=staff, kind="account.incident").count() == 1
    desk = Client(HTTP_ACCEPT_LANGUAGE="en")
    desk.force_login(staff)
    act = f"/console/incidents/{row.pk}/act/"
    desk.post(act, {"act": "take"})
    desk.post(act, {"act": "note", "text": "Looks like a stolen cookie."})
    desk.post(act, {"act": "ask", "text": "Which device is yours?"})
    row.refresh_from_db()
    assert row.status == IncidentStatus.ASKED and row.handler_id == staff.pk
    page = client.get(f"/me/incidents/{row.pk}/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "Which device is yours?" in page and "stolen cookie" not in page
    client.post(f"/me/incidents/{row.pk}/say/", {"text": "The phone."})
    row.refresh_from_db()
    assert row.status == IncidentStatus.INVESTIGATING
    assert desk.post(act, {"act": "close", "text": ""}, HTTP_REFERER="http://testserver/").status_code == 302
    desk.post(act, {"act": "close", "text": "A copied cookie.", "compensation": "Fee of 5.00 given back."})
    row.refresh_from_db()
    assert row.status == IncidentStatus.CLOSED and row.closed_at
    assert "Fee of 5.00 given back." in client.get(f"/me/incidents/{row.pk}/").content.decode()
    assert client.post(f"/me/incidents/{row.pk}/say/", {"text": "Thanks."}).status_code in (302, 409)
    assert not IncidentEntry.objects.filter(text="Thanks.").exists()


def test_a_second_report_goes_to_the_open_incident(lin):
    assert report(lin).pk == report(lin).pk and IncidentEntry.objects.count() == 2


def test_staff_are_reminded_until_somebody_takes_it_and_a_silent_member_holds_nothing_up(lin, staff):
    row = report(lin)
    wait(hours=25)
    wait(hours=25)
    assert Notice.objects.filter(user=staff, kind="account.incident").count() >= 3
    incidents.take(incident_id=row.pk, actor=actor_of(staff), now=clock.now())
    incidents.ask(incident_id=row.pk, text="Which one?", actor=actor_of(staff), now=clock.now())
    wait(days=8)
    row.refresh_from_db()
    assert row.status == IncidentStatus.INVESTIGATING


def test_strangers_see_no_incident_and_act_on_no_account(client, lin, staff):
    row = report(lin)
    client.force_login(UserFactory())
    for path in (f"/me/incidents/{row.pk}/", f"/console/incidents/{row.pk}/", f"/console/accounts/{lin.pk}/",
                 "/console/accounts/", "/console/incidents/"):  # fmt: skip
        assert client.get(path).status_code == 404, path
    for path in (f"/me/incidents/{row.pk}/say/", f"/console/incidents/{row.pk}/act/",
                 f"/console/accounts/{lin.pk}/act/"):  # fmt: skip
        assert client.post(path, {"act": "freeze", "text": "x", "reason": "x"}).status_code == 404, path
    with pytest.raises(NotFound):
        report(lin, actor_of(UserFactory()))
    assert standing_of(lin) == Standing.NORMAL and IncidentEntry.objects.count() == 1


def test_what_was_said_is_never_changed(lin):
    report(lin)
    for change in (lambda rows: rows.update(text="x"), lambda rows: rows._raw_delete("default")):
        with pytest.raises(IntegrityError), transaction.atomic():
            change(IncidentEntry.objects.all())


def test_nobody_of_the_staff_closes_his_own_incident(staff):
    row = report(staff)
    with pytest.raises(Forbidden):
        incidents.close(incident_id=row.pk, closing="fine", compensation="", actor=actor_of(staff), now=clock.now())


# --- measures ---------------------------------------------------------------------------------------------------------


def test_staff_freeze_with_a_reason_and_a_proof_and_it_stands_in_the_incident(lin, staff):
    report(lin)
    desk = Client()
    desk.force_login(staff)
    path, form = f"/console/accounts/{lin.pk}/act/", {"act": "freeze", "reason": "taken over"}
    prove(desk, staff, Act("staff_account", target=str(UserFactory().pk)))
    assert desk.post(path, form).status_code == 403 and standing_of(lin) == Standing.NORMAL, "a proof for another"
    prove(desk, staff, Act("staff_account", target=str(lin.pk)))
    assert desk.post(path, form).status_code == 302
    assert standing_of(lin) == Standing.FROZEN
    entry = AuditEntry.objects.get(act="account.frozen")
    assert entry.reason == "taken over" and entry.user_id == staff.pk
    assert IncidentEntry.objects.get(kind="measure").by == staff.pk


def test_without_a_reason_or_by_strangers_or_on_oneself_nothing_is_done(lin, staff):
    for actor, reason, fault in (
        (actor_of(staff), " ", NeedsReason), (actor_of(UserFactory()), "x", Forbidden),
        (Actor(user_id=lin.pk, is_mediator=True), "x", measures.NotYourself),
    ):  # fmt: skip
        for act in (
            lambda a, r: measures.restrict(user_id=lin.pk, to=Standing.FROZEN, reason=r, actor=a, now=clock.now()),
            lambda a, r: measures.unfreeze(user_id=lin.pk, reason=r, actor=a, now=clock.now()),
            lambda a, r: measures.sign_out_everywhere(user_id=lin.pk, reason=r, actor=a, now=clock.now()),
        ):
            with pytest.raises(fault):
                act(actor, reason)
    assert standing_of(lin) == Standing.NORMAL


def test_asvs_7_4_5_staff_end_every_session_and_revoke_every_device(client, lin, staff):
    client.force_login(lin)
    client.get("/me/")
    now, seen = clock.now(), Seen(ip="114.114.114.114", user_agent="x")
    device, _ = devices.remember(user_id=lin.pk, known=Recognition(), cookie="", seen=seen, verified_by="sms", now=now)
    stays.begin_stay(
        user_id=lin.pk, session_key=client.session.session_key, method="sms", device_id=device.pk, seen=seen, now=now
    )
    assert measures.sign_out_everywhere(user_id=lin.pk, reason="taken", actor=actor_of(staff), now=now) == 1
    device.refresh_from_db()
    assert device.revoked_reason == "staff" and MemberSession.objects.get().ended_at
    assert client.get("/me/").status_code == 302


# --- opening again ----------------------------------------------------------------------------------------------------


def test_an_account_without_money_is_opened_by_one(lin, staff):
    freeze(lin, staff)
    assert unfreeze(lin, staff) and standing_of(lin) == Standing.NORMAL


def test_an_account_with_money_is_opened_by_two_different_people(lin, staff):
    with_money(lin)
    freeze(lin, staff)
    assert not unfreeze(lin, staff) and standing_of(lin) == Standing.FROZEN
    with pytest.raises(measures.UnfreezeNeedsAnother):
        unfreeze(lin, staff)
    settle()
    second = MediatorFactory()
    assert Notice.objects.filter(user=staff, kind="account.unfreeze_asked").exists()
    assert unfreeze(lin, second) and standing_of(lin) == Standing.NORMAL
    row = UnfreezeRequest.objects.get()
    assert (row.asked_by, row.agreed_by, row.in_force) == (staff.pk, second.pk, False)
    with pytest.raises(IllegalTransition):
        unfreeze(lin, second)


def test_a_request_ends_with_a_refusal_and_with_every_other_change_of_standing(lin, staff):
    with_money(lin)
    freeze(lin, staff)
    unfreeze(lin, staff)
    second = MediatorFactory()
    measures.refuse_unfreeze(user_id=lin.pk, reason="not yet", actor=actor_of(second), now=clock.now())
    assert not unfreeze(lin, second), "asked anew"
    guarding.change_standing(
        user_id=lin.pk, to=Standing.LIMITED, actor=actor_of(staff), reason="milder", now=clock.now()
    )
    assert not UnfreezeRequest.objects.filter(in_force=True).exists()
    assert not unfreeze(lin, second)


def test_one_person_is_never_both_pairs_of_eyes_in_the_database(lin, staff):
    with pytest.raises(IntegrityError), transaction.atomic():
        UnfreezeRequest.objects.create(
            user=lin, asked_by=staff.pk, asked_at=clock.now(), reason="x", agreed_by=staff.pk
        )


# --- the story (R7) ---------------------------------------------------------------------------------------------------


def test_the_story_tells_logins_devices_proofs_changes_measures_and_money(client, lin, staff):
    store = with_money(lin)
    payout_account(store.pk)
    client.post("/accounts/login/", {"login": lin.phone, "password": "wrong"})
    client.force_login(lin)
    prove(client, lin, Act("payout"))
    from accounts.services import changes

    guarding.note_change("password", changes.before(lin.pk), actor=actor_of(lin), now=clock.now())
    report(lin)
    freeze(lin, staff)
    with translation.override("en"):
        events = timeline_of(lin.pk)
    kinds = {event.kind for event in events}
    assert kinds >= {"login", "proof", "change", "staff", "act", "money"}, kinds
    assert [event.at for event in events] == sorted((event.at for event in events), reverse=True)
    desk = Client(HTTP_ACCEPT_LANGUAGE="en")
    desk.force_login(staff)
    page = desk.get(f"/console/accounts/{lin.pk}/").content.decode()
    assert "Payouts held" in page and "taken over" in page and "Changed: password" in page
    assert [row.pk for row in desk.get("/console/accounts/", {"q": lin.email.upper()}).context["page"]] == [lin.pk]
    assert [row.pk for row in desk.get("/console/accounts/").context["page"]] == [lin.pk]


def test_a_frozen_account_with_money_is_not_loosened_by_one_of_the_staff(lin, staff):
    """Limited, its owner opens it himself: freezing it and limiting it after would be a way around the second pair."""
    with_money(lin)
    freeze(lin, staff)
    with pytest.raises(measures.UnfreezeNeedsAnother):
        measures.restrict(
            user_id=lin.pk, to=Standing.LIMITED, reason="milder", actor=actor_of(MediatorFactory()), now=clock.now()
        )
    assert standing_of(lin) == Standing.FROZEN


def test_a_frozen_account_without_money_may_be_limited(lin, staff):
    freeze(lin, staff)
    assert measures.restrict(
        user_id=lin.pk, to=Standing.LIMITED, reason="milder", actor=actor_of(staff), now=clock.now()
    )
    assert standing_of(lin) == Standing.LIMITED


@pytest.mark.parametrize("standing", [Standing.LIMITED, Standing.FROZEN])
def test_staff_whose_own_account_is_limited_do_nothing_as_staff(lin, staff, standing):
    """Whoever has got into a mediator's session loses the console with everything else that a thief would use."""
    User.objects.filter(pk=staff.pk).update(standing=standing)
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(staff)
    prove(client, staff, Act("staff_account", target=str(lin.pk)))
    answer = client.post(f"/console/accounts/{lin.pk}/act/", {"act": "freeze", "reason": "x"})
    assert answer.status_code == 403 and standing_of(lin) == Standing.NORMAL
    assert client.get("/console/accounts/").status_code in (302, 403)


def test_staff_whose_own_account_is_limited_do_nothing_over_the_api(staff):
    case = open_case(paid_order())
    User.objects.filter(pk=staff.pk).update(standing=Standing.LIMITED)
    client = Client()
    client.force_login(staff)
    answer = client.post(f"/api/v1/cases/{case.number}/take/", "{}", content_type="application/json")
    assert answer.status_code in (403, 404)
    case.refresh_from_db()
    assert case.mediator_id is None
