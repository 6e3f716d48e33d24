"""People, their devices and proofs, where parcels go to them, what they were told, the tokens of their systems."""

from accounts.models.addresses import Address
from accounts.models.announcements import Announcement
from accounts.models.challenges import Challenge
from accounts.models.changes import SignInChange
from accounts.models.devices import Device, LoginEvent, MemberSession
from accounts.models.factors import RecoveryCode, TotpSecret
from accounts.models.incidents import AccountRecovery, Incident, IncidentEntry, UnfreezeRequest
from accounts.models.notices import Notice, OutgoingMessage
from accounts.models.people import User, UserManager
from accounts.models.qr import QRLogin
from accounts.models.tokens import ApiToken

__all__ = [
    "AccountRecovery",
    "Address",
    "Announcement",
    "ApiToken",
    "Challenge",
    "Device",
    "Incident",
    "IncidentEntry",
    "LoginEvent",
    "MemberSession",
    "Notice",
    "OutgoingMessage",
    "QRLogin",
    "RecoveryCode",
    "SignInChange",
    "TotpSecret",
    "UnfreezeRequest",
    "User",
    "UserManager",
]
