"""The UIS/CoMagic cloud through its Call API and Data API: the second engine behind the port."""

from backend.telephony.uis.check import Expected, Heard, Person, Told, UisCheck
from backend.telephony.uis.post import Answer, Letter, MemoryPost, Post
from backend.telephony.uis.questions import NOBODY, UNKNOWN
from backend.telephony.uis.recordings import UisRecordings
from backend.telephony.uis.statuses import UisStatuses
from backend.telephony.uis.switch import CAPABILITIES, UisSwitch

__all__ = [
    "CAPABILITIES",
    "NOBODY",
    "UNKNOWN",
    "Answer",
    "Expected",
    "Heard",
    "Letter",
    "MemoryPost",
    "Person",
    "Post",
    "Told",
    "UisCheck",
    "UisRecordings",
    "UisStatuses",
    "UisSwitch",
]
