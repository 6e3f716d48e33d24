from django.apps import AppConfig


class EscrowConfig(AppConfig):
    name = "escrow"

    def ready(self) -> None:
        from escrow import alarms as payouts
        from escrow.records import alarms as records

        records.register_all()
        payouts.register_all()
