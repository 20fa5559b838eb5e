"""What amoCRM's webhooks lead to, where it is not the record's numbers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backend.services.amocrm_changes import KIND, AmoCrmChanges
from backend.services.crm_events import CrmEvent, CrmEvents
from protocol.vocabulary import AccountId

ACC = AccountId("acc")


@pytest.mark.parametrize(("uid", "told"), [("ab12", ["ab12"]), ("", [])])
async def test_a_request_taken_in_hand_is_told_by_its_uid(uid: str, told: list[str]) -> None:
    heard: list[str] = []

    async def settled(_account: AccountId, of: str) -> None:
        heard.append(of)

    async def changed(_account: AccountId) -> None:
        raise AssertionError("no number changed")

    changes = AmoCrmChanges(
        None,  # type: ignore[arg-type]
        lambda _account: None,
        changed,
        settled,
    )
    events = CrmEvents()
    changes.listen(events)
    body = {"uid": uid, "action": "decline"}
    await events.handle(
        CrmEvent(
            account_id=ACC,
            source=KIND.value,
            event="unsorted.delete",
            external_id="1",
            received_at=datetime(2026, 11, 23, tzinfo=UTC),
            body=body,
        )
    )
    assert heard == told
