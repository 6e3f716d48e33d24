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

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), *([KEY] if self.is_once else [])]

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
