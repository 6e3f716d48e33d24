"""A store writes to many of its buyers: proven, few a day, in batches, to nobody who has muted it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Notice, OutgoingMessage
from accounts.services import notices, standing
from accounts.services.standing import AccountLimited
from accounts.services.step_up import Act, digest_of
from accounts.states import Standing
from core import clock, outbox
from core.actor import SYSTEM, Actor
from core.errors import NotFound
from core.links import BadLink, way_out
from core.models import AuditEntry, OutboxEvent
from flows.tell_mass import buyers_mass_message
from shop.errors import NobodyToWriteTo, NotYourPart, StoreMayNotWrite, TooManyMessages, TooManyToWriteTo
from shop.models import MassMessage, MassRecipient, Order, Store, StoreMember, StoreMute
from shop.queries.mass import Reach
from shop.roles import MAY, Role
from shop.roles import Act as Part
from shop.services import mass
from shop.services.mass import Letter
from shop.states import Audience, OrderStatus
from tests.accounts.proofs import confirm_page, prove
from tests.factories.accounts import UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.mass import buyers
from tests.stories import actor_of, paid_order, settle

pytestmark = pytest.mark.django_db
NEW = "/merchant/messages/new/"
LINK = "https://maker.example.com/recall"
TEXT = f"Please do not use it: {LINK}."
ASKS = (403, 429)
OPEN = Reach(Audience.OPEN)


@pytest.fixture
def order() -> Order:
    order = paid_order()
    settle()
    return order


@pytest.fixture
def store(order) -> Store:
    return order.store


@pytest.fixture
def owner(store):
    return signed_in(store.owner)


def signed_in(user) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def form(**more) -> dict[str, str]:
    return {"audience": "open", "product": "", "since": "", "until": "", "subject": "A recall", "text": TEXT,
            "key": str(uuid4()), **more}  # fmt: skip


def target(store, said) -> str:
    return digest_of(store.pk, said["audience"], None, None, None, said["subject"], said["text"])


def send(store, *, reach=OPEN, text="Please do not use it.", key=None, actor=None, now=None) -> MassMessage:
    return mass.send(
        store=store, letter=Letter(key or uuid4(), reach, "A recall", text), actor=actor or actor_of(store.owner),
        now=now or clock.now(), prove=lambda words: None,
    )  # fmt: skip


def reached(row) -> set:
    return set(MassRecipient.objects.filter(message=row, sent_at__isnull=False).values_list("user_id", flat=True))


def told(user) -> list[str]:
    return list(Notice.objects.filter(user=user, kind="store.message").values_list("subject", flat=True))


def test_it_is_looked_at_proven_and_sent_by_the_outbox(owner, store, order):
    said = form()
    look = owner.post(NEW, said)
    assert look.status_code == 200 and look.context["look"].count == 1 and "maker.example.com" in look.content.decode()
    assert not MassMessage.objects.exists()
    asked = owner.post(NEW, said | {"send": "1"})
    assert asked.status_code == 403 and not MassMessage.objects.exists()
    done = confirm_page(owner, asked, to=store.owner.phone)
    row = MassMessage.objects.get()
    assert done.status_code == 302 and done.url == reverse("merchant:message", args=[row.pk])
    assert not told(order.buyer), "nobody is told in the request"
    assert "0 / 1" in owner.get(done.url).content.decode()
    settle()
    row.refresh_from_db()
    assert row.finished_at and reached(row) == {order.buyer_id} and len(told(order.buyer)) == 1
    assert "1 / 1" in owner.get(done.url).content.decode()
    assert "1 / 1" in owner.get("/merchant/messages/").content.decode()
    entry = AuditEntry.objects.get(act="store.wrote_to_many")
    assert entry.facts["recipients"] == 1 and entry.facts["links"] == [LINK]
    assert Notice.objects.filter(user=store.owner, kind="store.mass_sent").exists(), "its owners can stop it"


def test_a_proof_for_one_message_sends_no_other(owner, store):
    said = form()
    prove(owner, store.owner, Act("mass_message", target=target(store, said)))
    for other in ({"text": "Something else."}, {"subject": "Else"},
                  {"audience": "span", "since": "2026-01-01", "until": "2026-12-31"}):  # fmt: skip
        assert owner.post(NEW, said | {"send": "1", "key": str(uuid4())} | other).status_code in ASKS
    assert not MassMessage.objects.exists()
    assert owner.post(NEW, said | {"send": "1"}).status_code == 302
    assert owner.post(NEW, said | {"send": "1", "key": str(uuid4())}).status_code in ASKS, "the proof is spent"
    assert MassMessage.objects.count() == 1


def test_pressed_twice_it_is_sent_once(owner, store, order):
    said = form()
    prove(owner, store.owner, Act("mass_message", target=target(store, said)))
    first, second = (owner.post(NEW, said | {"send": "1"}) for _ in range(2))
    assert first.status_code == second.status_code == 302 and first.url == second.url
    settle()
    assert MassMessage.objects.count() == 1 and len(told(order.buyer)) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        row = MassMessage.objects.get()
        row.pk = uuid4()
        row.save(force_insert=True)


def test_another_stores_message_is_not_there(owner, store):
    row = send(store)
    stranger = signed_in(StoreFactory().owner)
    for way in (stranger.get, stranger.post):
        assert way(reverse("merchant:message-stop", args=[row.pk])).status_code in (404, 405)
    assert stranger.get(reverse("merchant:message", args=[row.pk])).status_code == 404
    theirs = ProductFactory()
    answer = owner.post(NEW, form(audience="product", product=str(theirs.pk)))
    assert answer.status_code == 422 and "product" in answer.context["form"].errors
    with pytest.raises(NotFound):
        send(store, actor=actor_of(UserFactory()))


def test_only_roles_that_write_to_many_do_and_no_system(store):
    for role in Role:
        user = UserFactory()
        StoreMember.objects.create(store=store, user=user, role=role, joined_at=clock.now())
        assert (signed_in(user).get(NEW).status_code == 200) == (Part.WRITE in MAY[role])
        if Part.WRITE not in MAY[role]:
            with pytest.raises(NotYourPart):
                send(store, actor=actor_of(user))
    with pytest.raises(NotYourPart):
        send(store, actor=Actor(user_id=store.owner_id, token_role=Role.MANAGER))
    assert not MassMessage.objects.exists()


def test_a_store_writes_twice_a_day(owner, store):
    now = clock.now()
    send(store, now=now - timedelta(hours=23))
    send(store, now=now - timedelta(hours=1))
    with pytest.raises(TooManyMessages):
        send(store, now=now)
    answer = owner.post(NEW, form())
    assert answer.status_code == 429 and "You can write again from" in answer.content.decode()
    send(store, now=now + timedelta(hours=1, seconds=1))
    assert MassMessage.objects.count() == 3


def test_whose_orders_are_meant(store, order):
    product = order.lines.get().product
    other = paid_order(variant=ProductFactory(store=store).variants.get())
    done = paid_order(variant=product.variants.get())
    Order.objects.filter(pk=done.pk).update(status=OrderStatus.COMPLETED, placed_at=clock.now() - timedelta(days=40))
    back = paid_order(variant=product.variants.get())
    Order.objects.filter(pk=back.pk).update(status=OrderStatus.REFUNDED)
    paid_order()  # of another store
    trial = paid_order(variant=product.variants.get())
    Order.objects.filter(pk=trial.pk).update(is_trial=True)
    today = clock.now().date()

    def ids(reach: Reach) -> set:
        look = mass.buyers_of(store, reach)
        return set(look.values_list("pk", flat=True))

    assert ids(OPEN) == {order.buyer_id, other.buyer_id}
    assert ids(Reach(Audience.PRODUCT, product.pk)) == {order.buyer_id, done.buyer_id}
    week = timedelta(days=7)
    assert ids(Reach(Audience.SPAN, since=today - week, until=today + week)) == {order.buyer_id, other.buyer_id}
    assert ids(Reach(Audience.SPAN, since=today - 9 * week, until=today - week)) == {done.buyer_id}
    with pytest.raises(NobodyToWriteTo):
        send(store, reach=Reach(Audience.SPAN, since=today - 9 * week, until=today - 8 * week))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"audience": "product"}, "product"), ({"audience": "span"}, "since"), ({"audience": "all"}, "audience"),
     ({"audience": "span", "since": "2026-11-02", "until": "2026-11-01"}, "until"),
     ({"audience": "span", "since": "2020-11-02", "until": "2026-11-01"}, "until"), ({"key": "x"}, "key"),
     ({"audience": "span", "since": "0001-01-01", "until": "9999-12-31"}, "since"), ({"subject": ""}, "subject"),
     ({"text": "x" * 2_001}, "text"), ({"product": "x"}, "product")],
)  # fmt: skip
def test_what_makes_no_sense_is_said_beside_its_field(owner, wrong, field):
    answer = owner.post(NEW, form() | wrong)
    assert answer.status_code == 422 and field in answer.context["form"].errors


@pytest.mark.parametrize("wrong", ["javascript:alert(1)", "data:text/html;x", "https://u:p@evil.example.com/",
                                   "http://evil.example.com/", "evil.com"])  # fmt: skip
def test_a_link_that_is_none_is_refused_before_anybody_is_asked(owner, store, wrong):
    for act in ({}, {"send": "1"}):
        answer = owner.post(NEW, form(text=f"See {wrong}") | act)
        assert answer.status_code == 400 and answer.context["form"].errors["text"]
    assert owner.post(NEW, form(subject=LINK)).status_code == 400
    with pytest.raises(BadLink):
        send(store, text=f"See {wrong}")


def test_what_was_written_is_there_again_to_be_changed(owner):
    answer = owner.post(NEW, form() | {"back": "1"})
    assert answer.status_code == 200 and TEXT in answer.content.decode()


def test_its_link_is_on_the_site_alone_and_opens_by_the_page_that_warns(store, order):
    row = send(store, text="<script>alert(1)</script> https://аpple.com/ " + TEXT)
    settle()
    notice = Notice.objects.get(user=order.buyer, kind="store.message")
    mail = OutgoingMessage.objects.get(to=order.buyer.email, subject=notice.subject)
    for body in (notice.body, mail.body):
        assert "maker.example" not in body and "xn--" not in body and "https://" not in notice.body
    buyer = signed_in(order.buyer)
    html = buyer.get(notice.url).content.decode()
    assert "<script>alert(1)" not in html and f'href="{LINK}' not in html and "аpple" not in html
    ways = re.findall(r'href="(/leaving/\?to=[\w:%-]+)"[^>]*>([\w.-]+)<', html)
    assert [host for _way, host in ways] == ["xn--pple-43d.com", "maker.example.com"]
    assert f'href="{LINK}"' in buyer.get(ways[1][0]).content.decode()
    assert "Look twice" in buyer.get(ways[0][0]).content.decode()
    stranger = signed_in(UserFactory())
    assert stranger.get(notice.url).status_code == stranger.get(ways[1][0]).status_code == 404
    assert Client().get(ways[1][0]).status_code == 404
    assert signed_in(store.owner).get(ways[1][0]).status_code == 200
    evil = {"to": way_out(f"mass:{row.pk}", "https://evil.example.com/")}
    assert buyer.get(reverse("shop:leaving"), evil).status_code == 404


def test_who_has_muted_a_store_gets_none_and_may_hear_from_it_again(store, order):
    row = send(store)
    settle()
    buyer, page = signed_in(order.buyer), reverse("shop:store-message", args=[row.pk])
    assert buyer.post(f"{page}mute/").status_code == 302 and StoreMute.objects.count() == 1
    assert buyer.post(f"{page}mute/").status_code == 302 and StoreMute.objects.count() == 1, "twice is once"
    with pytest.raises(NobodyToWriteTo):
        send(store)
    assert "Hear from it again" in buyer.get(page).content.decode()
    assert buyer.post(f"{page}mute/", {"again": "1"}).status_code == 302 and not StoreMute.objects.exists()
    send(store)
    settle()
    assert len(told(order.buyer)) == 2
    assert signed_in(UserFactory()).post(f"{page}mute/").status_code == 404


def test_who_mutes_while_it_goes_out_is_left_out(store, order):
    row = send(store)
    mass.mute(store_id=store.pk, actor=actor_of(order.buyer), now=clock.now())
    settle()
    row.refresh_from_db()
    assert row.finished_at and not reached(row) and not told(order.buyer)
    assert MassRecipient.objects.get(message=row).left_out


def test_batch_by_batch_each_is_told_once_however_often_a_batch_runs(store, order, monkeypatch):
    monkeypatch.setattr(mass, "BATCH", 2)
    people = [order.buyer, *buyers(store, 4)]
    row = send(store)
    event = OutboxEvent.objects.get(name="store.mass_sent")
    buyers_mass_message(event.payload)
    assert len(reached(row)) == 2
    buyers_mass_message(event.payload)  # the same batch once more
    assert len(reached(row)) == 2 and OutboxEvent.objects.filter(name="store.mass_goes_on").count() == 1
    settle()
    row.refresh_from_db()
    assert row.finished_at and reached(row) == {person.pk for person in people}
    assert all(len(told(person)) == 1 for person in people)
    assert OutboxEvent.objects.filter(name="store.mass_goes_on").count() == 2


def test_stopped_it_reaches_nobody_further(owner, store, order, monkeypatch):
    monkeypatch.setattr(mass, "BATCH", 2)
    buyers(store, 4)
    row = send(store)
    buyers_mass_message({"message_id": str(row.pk), "after": 0})
    assert owner.post(reverse("merchant:message-stop", args=[row.pk])).status_code == 302
    settle()
    row.refresh_from_db()
    assert row.stopped_at and row.finished_at is None and len(reached(row)) == 2
    again = owner.post(reverse("merchant:message-stop", args=[row.pk]), follow=True)
    assert "stopped before" in again.content.decode()


@pytest.mark.parametrize("what", ["suspended", "limited", "left"])
def test_what_stops_its_writer_or_store_stops_it_too(store, what):
    writer = UserFactory()
    member = StoreMember.objects.create(store=store, user=writer, role=Role.MANAGER, joined_at=clock.now())
    row = send(store, actor=actor_of(writer))
    if what == "suspended":
        Store.objects.filter(pk=store.pk).update(status="suspended", may_sell=False)
    elif what == "limited":
        standing.change(user_id=writer.pk, to=Standing.LIMITED, actor=SYSTEM, reason="alarm", now=clock.now())
    else:
        StoreMember.objects.filter(pk=member.pk).update(left_at=clock.now())
    settle()
    row.refresh_from_db()
    assert row.stopped_at and not reached(row)
    with pytest.raises((StoreMayNotWrite, AccountLimited, NotFound)):
        send(store, actor=actor_of(writer))


def test_one_dead_mailbox_holds_up_nobody_but_an_absent_server_does(store, order, monkeypatch):
    people = [order.buyer, *buyers(store, 2)]
    row, send_email = send(store), notices.messages.send_email
    dead = {people[0].email}

    def post(**letter):
        if letter["to"] in dead:
            raise ConnectionRefusedError
        return send_email(**letter)

    monkeypatch.setattr(notices.messages, "send_email", post)
    dead |= {person.email for person in people}
    outbox.drain()
    row.refresh_from_db()
    assert row.is_under_way and not reached(row), "the server is away: the batch is tried again"
    dead -= {person.email for person in people[1:]}
    clock.advance_sandbox(timedelta(minutes=1))
    settle()
    row.refresh_from_db()
    assert row.finished_at and reached(row) == {person.pk for person in people}
    assert all(len(told(person)) == 1 for person in people), "each has his site message"


def test_too_many_for_one_message_are_refused(owner, store, order, monkeypatch):
    monkeypatch.setattr(mass, "MOST", 1)
    buyers(store, 1)
    assert owner.post(NEW, form()).status_code == 409
    with pytest.raises(TooManyToWriteTo):
        send(store)


def test_sending_costs_the_same_however_many_it_reaches(store, order, django_assert_max_num_queries):
    buyers(store, 30)
    with django_assert_max_num_queries(16):
        send(store)
