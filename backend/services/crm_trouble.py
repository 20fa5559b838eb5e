"""A CRM's failure as the code people are shown a sentence for."""

from __future__ import annotations

from typing import Final

from backend.errors import CrmAuthExpired, CrmDeclined, CrmError, CrmRejected, CrmUnknownNumber
from protocol.vocabulary import CrmTrouble

WORDS: Final = 300
"""Of what the CRM said; some answer with a page."""


class NobodyKnown(CrmRejected):
    """None of the call's people is a user of the CRM."""


def trouble_of(error: CrmError) -> CrmTrouble:
    match error:
        case NobodyKnown():
            return CrmTrouble.NOBODY_KNOWN
        case CrmDeclined():
            return CrmTrouble.DECLINED
        case CrmUnknownNumber():
            return CrmTrouble.UNKNOWN_NUMBER
        case CrmRejected():
            return CrmTrouble.REJECTED
        case CrmAuthExpired():
            return CrmTrouble.NOT_CONNECTED
        case _:
            return CrmTrouble.UNAVAILABLE


def words_of(error: CrmError) -> str:
    return str(error)[:WORDS]
