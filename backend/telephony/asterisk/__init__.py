"""Asterisk through its REST Interface (ARI): the first real switch behind the port."""

from backend.telephony.asterisk.lines import AsteriskLines
from backend.telephony.asterisk.recordings import AsteriskRecordings
from backend.telephony.asterisk.switch import AsteriskSwitch

__all__ = ["AsteriskLines", "AsteriskRecordings", "AsteriskSwitch"]
