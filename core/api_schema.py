"""How the API describes itself: every door with the refusals it can give and the headers it honours."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description=(
        "1 to 80 visible ASCII characters, new for each thing that is to happen. The same key with the same body is "
        "done once and answered the same (`Idempotent-Replay: true`)."
    ),
)


PROOF = OpenApiParameter(
    "Step-Up-Proof",
    str,
    OpenApiParameter.HEADER,
    description=(
        "A proof of who is there for this very act, from `step-up/`: used once, within ten minutes. Without one, or "
        "with one of another person, session, amount or target, the answer is 403 `step_up_needed`, whose `fields` "
        "name `purpose`, `amount.minor`, `amount.currency` and `target` to confirm. Nothing was done, and the "
        "`Idempotency-Key` stays free. A store's token alone never suffices: who made it confirms and hands it on."
    ),
)


class Problem(serializers.Serializer[Any]):
    """A refusal: ``code`` is stable and for machines, ``message`` is for people, ``fields`` names inputs at fault."""

    code = serializers.CharField()
    message = serializers.CharField()
    fields = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]


class HouseSchema(AutoSchema):
    """The library's description, with what all our doors have in common added."""

    @property
    def is_once(self) -> bool:
        return bool(self.method == "POST" and hasattr(self.view, "_once"))

    @property
    def asks_proof(self) -> bool:
        return bool(self.method == "POST" and getattr(self.view, "asks_proof", ""))

    def get_override_parameters(self) -> list[Any]:
        more = [*([KEY] if self.is_once else []), *([PROOF] if self.asks_proof else [])]
        return [*super().get_override_parameters(), *more]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        codes = {"404", "429"}
        if self.view.authentication_classes:
            codes |= {"401", "403"}
        if self.method != "GET" or any(
            getattr(wish, "location", "query") == "query" for wish in self.get_override_parameters()
        ):
            codes |= {"400"}
        if self.method in ("POST", "PATCH"):
            codes |= {"409", "413", "415"}
        if self.is_once:
            codes |= {"422"}
        codes |= getattr(self.view, "refusals", frozenset())
        for code in sorted(codes - set(bodies)):
            bodies[code] = self._get_response_for_code(Problem, code)  # type: ignore[no-untyped-call]
        return bodies
