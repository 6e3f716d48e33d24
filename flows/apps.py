from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "flows"

    def ready(self) -> None:
        """Hand the three tables, of reactions, deadlines and what is kept how long, to what works them off."""
        from core import deadlines as core_deadlines
        from core import outbox, retention
        from flows.deadlines import KINDS
        from flows.reactions import REACTIONS
        from flows.retention import KEPT

        outbox.install(REACTIONS)
        core_deadlines.install(KINDS)
        retention.install(KEPT)
