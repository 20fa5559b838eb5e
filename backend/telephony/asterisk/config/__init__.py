"""The configuration files an Asterisk needs to serve us, written from what accounts are told."""

from backend.telephony.asterisk.config.files import written
from backend.telephony.asterisk.config.plan import Away, SwitchPlan, plan_of
from backend.telephony.asterisk.config.trunks import TRUNKS_FILE, missing_trunks, trunks_added

__all__ = [
    "TRUNKS_FILE",
    "Away",
    "SwitchPlan",
    "missing_trunks",
    "plan_of",
    "trunks_added",
    "written",
]
