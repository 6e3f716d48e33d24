from django.apps import AppConfig


class EscrowConfig(AppConfig):
    name = "escrow"

    def ready(self) -> None:
        from core import held
        from escrow import alarms as payouts
        from escrow.queries.passing_on import is_called_escrow
        from escrow.records import alarms as records

        records.register_all()
        payouts.register_all()
        held.answered_by(is_called_escrow)
