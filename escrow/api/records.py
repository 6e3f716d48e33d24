"""Records that anyone can verify: receipts, the signed log, proofs of custody."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api import Door, PublicDoor, member_of, read
from core.api_fields import At, MoneySerializer
from escrow.models import CustodyProof
from escrow.records import checkpoints, custody, notes
from flows.records import receipt_for

LONGEST = 366
COUNT = OpenApiParameter("days", int, description="How many of the last days that are over, 31 if not said.")
SIZES = [OpenApiParameter(name, int, required=True, description="Size of a checkpoint.") for name in ("old", "new")]


class LogWish(serializers.Serializer[Any]):
    days = serializers.IntegerField(required=False, default=31, min_value=1, max_value=LONGEST)


class ConsistencyWish(serializers.Serializer[Any]):
    old = serializers.IntegerField(min_value=1, max_value=2**62)
    new = serializers.IntegerField(min_value=1, max_value=2**62)


class RecordShape(serializers.Serializer[Any]):
    """`payload` is JSON as a text; `signature` is a signed note over its SHA-256. Check it with verify.py."""

    format = serializers.CharField()
    payload = serializers.CharField()
    signature = serializers.CharField()
    keys = serializers.ListField(child=serializers.CharField())


class DayShape(serializers.Serializer[Any]):
    """What one day added to the log, signed."""

    day = serializers.DateField()
    count = serializers.IntegerField()
    note = serializers.CharField()


class LogShape(serializers.Serializer[Any]):
    """The newest checkpoint (C2SP tlog-checkpoint), empty before the first; the keys, the one in use first."""

    origin = serializers.CharField()
    keys = serializers.ListField(child=serializers.CharField())
    checkpoint = serializers.CharField(allow_blank=True)
    days = DayShape(many=True)


class ConsistencyShape(serializers.Serializer[Any]):
    """Two checkpoints and the hashes that show that the newer log begins with the older one (RFC 6962)."""

    old = serializers.CharField()
    new = serializers.CharField()
    proof = serializers.ListField(child=serializers.CharField())


class CustodyBalanceShape(serializers.Serializer[Any]):
    """What lies at one provider. `source`: provider, statement, sandbox (pretended), books (our own word)."""

    provider = serializers.CharField()
    minor = serializers.IntegerField()
    at = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "source": serializers.CharField()}  # the class's own ``source`` is taken


class CustodyShape(serializers.Serializer[Any]):
    """The newest signed proof of one currency. `owed` by kind, in minor units."""

    currency = serializers.CharField()
    at = At()
    holds = serializers.IntegerField()
    held = MoneySerializer()
    owed = serializers.DictField(child=serializers.IntegerField())
    balances = CustodyBalanceShape(many=True)
    is_covered = serializers.BooleanField()
    percent = serializers.CharField(help_text="Coverage, rounded down.")
    note = serializers.CharField()


class Receipt(Door):
    """The receipt of one movement of money."""

    @extend_schema(operation_id="getReceipt", tags=["records"], responses={200: RecordShape})
    def get(self, request: Request, pk: int) -> Response:
        """A signed promise at once, the proof of its place in the log once it is sealed. For the money's parties."""
        return Response(receipt_for(transfer_id=pk, user_id=member_of(request), now=clock.now()))


class Log(PublicDoor):
    """The signed log."""

    @extend_schema(operation_id="getLog", tags=["records"], parameters=[COUNT], responses={200: LogShape})
    def get(self, request: Request) -> Response:
        """Newest checkpoint, public keys, and how many movements each day had. Keep it: it cannot be taken back."""
        said, newest = read(LogWish, request, query=True), checkpoints.latest()
        days = checkpoints.days(until=clock.now().astimezone(UTC).date(), count=said["days"])
        shown = {"origin": notes.key_name(), "keys": notes.verifier_keys(), "days": days}
        return Response(LogShape({**shown, "checkpoint": newest.note if newest else ""}).data)


class Consistency(PublicDoor):
    """That nothing was rewritten."""

    @extend_schema(operation_id="getConsistency", tags=["records"], parameters=SIZES, responses={200: ConsistencyShape})
    def get(self, request: Request) -> Response:
        """The proof that one checkpoint's log begins with an older one's."""
        said = read(ConsistencyWish, request, query=True)
        return Response(checkpoints.consistency(old=said["old"], new=said["new"]))


class Custody(PublicDoor):
    """What is held, and what covers it."""

    @extend_schema(operation_id="getCustody", tags=["records"], responses={200: CustodyShape(many=True)})
    def get(self, request: Request) -> Response:
        """The newest proof of each currency."""
        proofs: list[CustodyProof] = custody.newest()
        return Response(CustodyShape(proofs, many=True).data)
