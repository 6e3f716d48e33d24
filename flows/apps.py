from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "flows"

    def ready(self) -> None:
        """Hand the two tables, event → reactions and deadline → handler, to the mechanisms that work them off."""
        from core import deadlines as core_deadlines
        from core import outbox
        from flows.deadlines import KINDS
        from flows.reactions import REACTIONS

        outbox.install(REACTIONS)
        core_deadlines.install(KINDS)
