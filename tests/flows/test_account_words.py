"""
The story of an account speaks the reader's language: whatever the source can write down has words, none shows a name.

The kinds are read out of the source itself, so that a new one without a sentence fails here and not on a page.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from accounts import codes, device_check, factor_check
from accounts.models import Challenge, Device, LoginEvent, SignInChange
from accounts.places import Seen
from accounts.purposes import PURPOSES
from accounts.services import devices, incidents, stays, step_up
from accounts.services.devices import Recognition
from accounts.services.step_up import Act
from accounts.states import Standing
from config import people
from core import audit, clock
from core.actor import SYSTEM
from core.models import AuditEntry
from core.transitions import all_machines
from escrow.models import Refund
from escrow.services import holds, late_refunds
from flows import account_timeline, guarding, recovery
from flows import account_words as words
from tests.accounts.proofs import prove
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.escrow import OrderFactory, held
from tests.factories.shop import ProductFactory, StoreFactory
from tests.flows.test_compensation import good
from tests.stories import actor_of

APPS = ("accounts", "shop", "escrow", "logistics", "disputes", "flows", "core")
NAME = re.compile(r"\A[a-z_]+\.[a-z_]+\Z")
# The end of a name that is put together where it is written: what can stand there, read from where it comes from.
WHATS = {
    "factor.*": lambda: {
        f"factor.{what}"
        for what in arguments_of("_changed", "_tell", at=1, inside=("services/factors.py", "services/third_party.py"))
    },
    "sign_in.*_changed": lambda: {f"sign_in.{what}_changed" for what in SignInChange.What.values},
    "account.*": lambda: {f"account.{to}" for to in Standing.values},
    "*.*": lambda: set(),  # a machine and its state, as below
    "payout.*": lambda: set(),
    "adjustment.*": lambda: {f"adjustment.{act}" for act in arguments_of("_audit", at=1, inside=("adjustments.py",))},
    "*.made_by_hand": lambda: {"payout.made_by_hand"},
}


def trees():
    """Every module of the source with its calls."""
    return _trees(Path(settings.BASE_DIR))


@lru_cache(maxsize=2)
def _trees(base):
    files = [path for app in APPS for path in (base / app).rglob("*.py") if "migrations" not in path.parts]
    return [(path, [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)])
            for path in files]  # fmt: skip


def called(node):
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def given_to(*names, words):
    """The texts that any call of these names gives by these keywords."""
    return {
        text for _path, calls in trees() for call in calls if called(call) in names
        for word in call.keywords if word.arg in words for text in texts(word.value)
    }  # fmt: skip


def texts(node):
    """What an expression can be: a text, one of two, or a pattern with ``*`` for what is only known later."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return {"".join(part.value if isinstance(part, ast.Constant) else "*" for part in node.values)}
    return set()


def arguments_of(*names, at, inside):
    found = set()
    for path, calls in trees():
        for call in calls if str(path).endswith(inside) else ():
            if called(call) in names and len(call.args) > at:
                found |= texts(call.args[at])
    return found


def written():
    """Every act that an audit entry about an account or a store, or of a kind that the story tells, can have."""
    found = set()
    for path, calls in trees():
        for call in calls:
            given = {word.arg: word.value for word in call.keywords}
            if called(call) in ("record", "record_many") and "act" in given:
                about = texts(given["subject_type"]) if "subject_type" in given else set()
                acts = texts(given["act"])
                if not acts and about & {"account", "store"}:  # by a helper of this module
                    acts = {text for other in calls if called(other) == "_record" for text in named_in(other)}
                    assert acts, f"{path}: an act that nobody can read here"
                found |= {act for act in acts if about & {"account", "store"} or tells(act)}
            elif called(call) in ("_record", "_audit", "_note", "note"):
                found |= {act for act in named_in(call) if tells(act)}
    for name, machine in all_machines().items():
        if name == "store" or tells(f"{name}."):
            found |= {f"{name}.{state}" for state in machine.states.values}
    return found


def named_in(call):
    return {text for arg in call.args for text in texts(arg) if NAME.match(text)}


def tells(act):
    return act.startswith(("*", *account_timeline.ACTS))


def spelled_out(acts):
    found = {act for act in acts if "*" not in act}
    for pattern in acts - found:
        found |= WHATS[pattern]()
    return found


# --- every kind has words ---------------------------------------------------------------------------------------------


def test_every_act_that_can_stand_in_the_story_has_a_sentence():
    acts = spelled_out(written())
    assert len(acts) > 45 and {"team.role", "payouts.held", "factor.totp_added", "api_token.made"} <= acts
    unknown = acts - set(words.ACTS) - words.TOLD_ELSEWHERE
    assert not unknown, f"no sentence in flows/account_words.py for {sorted(unknown)}"


def test_no_sentence_is_of_an_act_that_nobody_writes():
    assert set(words.ACTS) | words.TOLD_ELSEWHERE == spelled_out(written())


def test_a_kind_that_is_new_in_the_source_is_noticed(tmp_path, settings):
    """What the two tests above lean on: a module nobody has told the table of."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "new.py").write_text(
        'audit.record(actor=a, act="account.teleported", subject_type="account", subject=str(pk))\n'
        'audit.record(actor=a, act="coupon.eaten" if b else "coupon.lost", subject_type="coupon", subject="")\n'
        'audit.record(actor=a, act="order.eaten", subject_type="order", subject="")\n'
    )
    settings.BASE_DIR = tmp_path
    found = {act for act in written() if act not in words.ACTS}
    assert found == {"account.teleported", "coupon.eaten", "coupon.lost"}


def test_every_way_reason_and_purpose_has_words():
    recorded = given_to("record_authentication", "note_try", "begin_stay", "enter", words=("method", "verified_by"))
    recorded -= {"code", "mfa", ""}  # told apart by accounts.doors.methods_of
    assert {"qr", "device", "step_up"} <= recorded
    offered = {way.name for way in vars(step_up).values() if isinstance(way, step_up.Way)}
    theirs = set(people._HOSTS)
    allauths = {"password", "password_reset", "sms", "email", "passkey", "recovery", "totp", "sign_up"}
    assert recorded | offered | theirs | allauths | set(recovery.POINTS) <= set(words.WAYS)

    revoked = given_to("revoke_device", words=("reason",))
    assert revoked and revoked <= set(words.REVOKED)
    outcomes = given_to("note_try", words=("outcome",))
    assert outcomes and outcomes <= set(words.TABLES["outcome"])


def test_every_purpose_of_a_challenge_has_words():
    asked = given_to("open_challenge", "digits_for", words=("purpose",))
    asked |= set(codes.PURPOSES.values()) | {device_check.PURPOSE, factor_check.PURPOSE} | set(PURPOSES)
    assert {"phone", "recovery"} <= asked and asked <= set(words.PROOFS)


# --- one that got through all the same --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_unknown_kind_is_logged_and_its_name_is_not_shown(caplog):
    lin = UserFactory()
    audit.record(actor=SYSTEM, act="account.teleported", subject_type="account", subject=str(lin.pk))
    with translation.override("en"):
        (event,) = account_timeline.timeline_of(lin.pk)
    assert event.word == "Something that this page has no words for yet"
    assert "account.teleported" in caplog.text and caplog.records[-1].levelname == "ERROR"


# --- the pages --------------------------------------------------------------------------------------------------------


def full_of(lin, client):
    """One entry of each kind the story can tell, written as the services write them."""
    staff, store, now = MediatorFactory(), StoreFactory(owner=lin), clock.now()
    seen, actor = Seen(ip="114.114.114.114", user_agent="Chrome Windows"), actor_of(lin)
    for outcome in words.TABLES["outcome"]:
        stays.note_try(
            user_id=lin.pk, outcome=outcome, method="+".join(words.WAYS)[:60].rpartition("+")[0], seen=seen, now=now
        )
    for way in words.WAYS:
        devices.remember(user_id=lin.pk, known=Recognition(), cookie="", seen=seen, verified_by=way, now=now)
    for row, why in zip(Device.objects.all(), words.REVOKED, strict=False):
        devices.revoke_device(device_id=row.pk, user_id=lin.pk, actor=actor, reason=why, now=now)
    for purpose in words.PROOFS:
        prove(client, lin, Act(purpose))
    Challenge.objects.update(channel="sms_password")
    for what in SignInChange.What.values:
        SignInChange.objects.create(user=lin, what=what, at=now, undone_at=now)
    guarding.cool_off(user_id=lin.pk, since=now, now=now)
    for act in {*words.ACTS, *words.TOLD_ELSEWHERE}:
        kind = act.partition(".")[0]
        about, subject = ("store", store.pk) if kind in ("store", "team", "terms", "debt") else ("account", lin.pk)
        facts = {"from": "normal", "role": "finance", "amount_minor": 4_000, "currency": "CNY", "change": str(lin.pk)}
        audit.record(actor=actor, act=act, subject_type=about, subject=str(subject), facts=facts, reason="merchant")
    incident = incidents.open_incident(user_id=lin.pk, text="Not me.", actor=actor, now=now)
    good(incident, staff, 4_000, store=store)
    hold = held(order=OrderFactory(items_minor=10_000, store=store, buyer=lin))
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=now)
    late_refunds.refund_released(order_id=hold.order_id, amount_minor=500, actor=SYSTEM, reason="late", now=now)
    assert Refund.objects.get().from_merchant
    return incident, staff


@pytest.fixture
def full(client):
    lin = UserFactory(language="en", last_login=clock.now(), name="Lin")
    client.force_login(lin)
    return lin, *full_of(lin, client)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_internal_name_reaches_a_page(client, full, language, caplog):
    lin, incident, staff = full
    desk = Client()
    desk.force_login(staff)
    said = Client()
    said.force_login(lin)
    pages = [(said, f"/me/incidents/{incident.pk}/"), (desk, f"/console/incidents/{incident.pk}/"),
             (desk, f"/console/accounts/{lin.pk}/")]  # fmt: skip
    names = set(AuditEntry.objects.values_list("act", flat=True))
    assert len(names) > 50 and LoginEvent.objects.count() == len(words.TABLES["outcome"])
    for reader, path in pages:
        answer = reader.get(path, HTTP_ACCEPT_LANGUAGE=language)
        assert answer.status_code == 200
        for event in answer.context["events"]:
            line = f"{event.word} {event.text}"
            assert not re.search(r"[a-z_]+\.[a-z_]+", line), line
            assert not re.search(r"\b[a-z]+_[a-z]+\b", line), line
            assert str(lin.pk) not in line and "from:" not in line, line
        page = answer.content.decode()
        assert not [name for name in names if f"<b>{name}" in page or f"· {name}" in page]
    assert "no word for" not in caplog.text


@pytest.mark.django_db
def test_the_member_reads_the_story_of_his_account_beside_his_incident_without_what_is_for_staff(client, full):
    _lin, incident, staff = full
    incidents.take(incident_id=incident.pk, actor=actor_of(staff), now=clock.now())
    page = client.get(f"/me/incidents/{incident.pk}/", HTTP_ACCEPT_LANGUAGE="en")
    told = {event.word for event in page.context["events"]}
    assert {"Device trusted", "Signed in", "Proof given: Send money out", "Made good by the platform",
            "Given back to a buyer after the release", "Refund to the buyer"} <= told  # fmt: skip
    assert str(words.ACTS["store.licence_clash"]) not in told
    desk = Client(HTTP_ACCEPT_LANGUAGE="en")
    desk.force_login(staff)
    told = {event.word for event in desk.get(f"/console/incidents/{incident.pk}/").context["events"]}
    assert "The store's licence number is that of another store too" in told


@pytest.mark.django_db
def test_a_deep_price_cut_is_told_with_the_product_and_a_reason_that_staff_typed_as_it_is(client):
    lin, staff = UserFactory(), MediatorFactory()
    goods = ProductFactory(store=StoreFactory(owner=lin), title="龙井", title_en="Longjing")
    audit.record(
        actor=actor_of(lin), act="product.saved", subject_type="product", subject=str(goods.pk),
        facts={"version": 2, "prices": {"x": [9_900, 100]}},
    )  # fmt: skip
    audit.record(actor=actor_of(staff), act="account.frozen", subject_type="account", subject=str(lin.pk),
                 reason="taken over", facts={"from": "normal"})  # fmt: skip
    audit.record(actor=actor_of(lin), act="account.limited", subject_type="account", subject=str(lin.pk),
                 reason="not me: login:12", facts={"from": "normal"})  # fmt: skip
    with translation.override("en"):
        limited, frozen, cut = account_timeline.timeline_of(lin.pk)
    assert (cut.word, cut.text) == ("A product was changed", "Longjing · 1 price")
    assert (frozen.word, frozen.text) == ("The account was frozen", "taken over")
    assert (limited.word, limited.text) == ("The account was limited", "“this was not me”")
