"""Cases as the API shows them, and what it takes in."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api_fields import At, Choice, MoneyInput, MoneySerializer, Strict, Text
from disputes.rulebook import NUMBERS
from disputes.services.cases import MAX_TEXT
from disputes.states import Ground, Party, Remedy
from logistics.services.shipments import MAX_NUMBER

FAULTS = (Party.MERCHANT, Party.BUYER, Party.CARRIER, Party.PLATFORM)


class CaseInput(Strict):
    """`amount` goes with `want` = `partial` alone; everything else of money means all that is held."""

    ground = Choice(Ground.values)
    want = Choice(Remedy.values)
    amount = MoneyInput(required=False, allow_null=True, default=None)
    text = Text(max_length=MAX_TEXT)


class OfferInput(Strict):
    remedy = Choice(Remedy.values)
    amount = MoneyInput(required=False, allow_null=True, default=None)
    text = Text(required=False, default="", allow_blank=True, max_length=1000)


class WordsInput(Strict):
    text = Text(max_length=MAX_TEXT)


class MaybeWordsInput(Strict):
    text = Text(required=False, default="", allow_blank=True, max_length=MAX_TEXT)


class AcceptInput(Strict):
    """`terms`: the id of the offer that was read, or `claim` for the buyer's claim itself."""

    terms = Text(max_length=36)


class EvidenceInput(Strict):
    """A picture, a sentence, or both: what it is meant to show."""

    shows = Text(required=False, default="", allow_blank=True, max_length=200)
    file = serializers.FileField(required=False, allow_null=True, default=None)


class WordsOnly(Strict):
    """A sentence without a picture."""

    shows = Text(max_length=200)


class ParcelInput(Strict):
    carrier = Text(max_length=20)
    tracking_number = Text(max_length=MAX_NUMBER)


class RulingInput(Strict):
    """`refund` goes back to the buyer; the rest of what is held goes to the merchant."""

    refund = MoneyInput()
    fault = Choice([party.value for party in FAULTS])
    article = Choice(list(NUMBERS))
    reasons = Text(max_length=MAX_TEXT)


class OfferShape(serializers.Serializer[Any]):
    """`status`: open, accepted, refused or replaced."""

    id = serializers.UUIDField()
    party = serializers.CharField()
    remedy = serializers.CharField()
    amount = MoneySerializer()
    text = serializers.CharField()
    status = serializers.CharField()
    created_at = At()


class EvidenceShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    party = serializers.CharField()
    shows = serializers.CharField()
    url = serializers.SerializerMethodField(help_text="Address of the picture, for the parties; empty without one.")
    sha256 = serializers.CharField(help_text="Of the file as it arrived, or of the sentence.")
    created_at = At()

    def get_url(self, piece: Any) -> str:
        url = reverse("disputes:evidence-file", args=[piece.pk])
        return self.context["request"].build_absolute_uri(url) if piece.file else ""


class EntryShape(serializers.Serializer[Any]):
    """One line of the room: words of a party (`said`), or a step."""

    at = At()
    party = serializers.CharField()
    act = serializers.CharField()
    text = serializers.CharField()


class RulingShape(serializers.Serializer[Any]):
    """`refund` and `release` are what was held."""

    refund = serializers.SerializerMethodField()
    release = serializers.SerializerMethodField()
    fault = serializers.CharField()
    article = serializers.CharField()
    reasons = serializers.CharField()
    signed_at = At()

    @extend_schema_field(MoneySerializer)
    def get_refund(self, ruling: Any) -> dict[str, Any]:
        return {"minor": ruling.refund_minor, "currency": ruling.currency}

    @extend_schema_field(MoneySerializer)
    def get_release(self, ruling: Any) -> dict[str, Any]:
        return {"minor": ruling.release_minor, "currency": ruling.currency}


class CaseClock(serializers.Serializer[Any]):
    """What happens by itself, and when."""

    kind = serializers.CharField()
    due_at = At()


class CaseShape(serializers.Serializer[Any]):
    """A claim on an order's held money. `you`: buyer, merchant or platform."""

    number = serializers.CharField(source="case.number")
    order = serializers.CharField(source="case.order.number")
    you = serializers.CharField(source="party")
    status = serializers.CharField(source="case.status")
    ground = serializers.CharField(source="case.ground")
    want = serializers.CharField(source="case.want")
    amount = MoneySerializer(source="case.amount")
    held = MoneySerializer()
    text = serializers.CharField(source="case.text")
    opened_at = At(source="case.opened_at")
    answered_at = At(source="case.answered_at", allow_null=True)
    escalated_at = At(source="case.escalated_at", allow_null=True)
    closed_at = At(source="case.closed_at", allow_null=True)
    clock = CaseClock(allow_null=True)
    offers = OfferShape(many=True)
    evidence = EvidenceShape(many=True)
    entries = EntryShape(many=True)
    ruling = RulingShape(allow_null=True)
