"""The CRM the portal keeps: one store under the old methods, crm.item and the pages."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24 import records
from backend.sandbox.bitrix24.errors import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.kit.clock import Clock
    from backend.sandbox.dataset import Dataset

Row = dict[str, Any]
SEARCH_ORDER = ("LEAD", "CONTACT", "COMPANY")
_MULTIFIELDS = ("PHONE", "EMAIL", "IM", "WEB")


def digits(number: str) -> str:
    """The number's last ten digits: what the portal's country (RU) compares."""
    return "".join(char for char in number if char.isdigit())[-10:]


class CrmStore:
    """Tables of rows by id; writers stamp the rows and keep the phone index true."""

    def __init__(self, data: Dataset, clock: Clock, *, by_digits: bool) -> None:
        self.funnels = data.funnels
        self._clock = clock
        self._by_digits = by_digits
        self.tables, self._multi_id = records.seed(data)
        self.comments: dict[int, Row] = {}
        self._phones: dict[str, list[tuple[str, int]]] | None = None

    def set_phone_search(self, *, by_digits: bool) -> None:
        """Compare numbers by their last ten digits, or exactly as they are typed."""
        self._by_digits = by_digits
        self._phones = None

    def rows(self, kind: str) -> list[Row]:
        return list(self.tables[kind].values())

    def find(self, kind: str, number: Any) -> Row | None:
        """The row, or None."""
        try:
            return self.tables[kind].get(int(number))
        except (TypeError, ValueError):
            return None

    def get(self, kind: str, number: Any) -> Row:
        """The row. Raises the old methods' errors for a bad or unknown id."""
        try:
            key = int(number)
        except (TypeError, ValueError):
            key = 0
        if key <= 0:
            raise plain("ID is not defined or invalid.")
        row = self.tables[kind].get(key)
        if row is None:
            raise plain("Not found")
        return row

    def add(self, kind: str, values: Row, user_id: int) -> Row:
        """A new row with the defaults of its kind. `values` are fields with upper-case names."""
        number = max(self.tables[kind], default=0) + 1
        now = records.stamp(self._clock.now())
        row: Row = {"ID": str(number), **self._defaults(kind, number, now, user_id)}
        for name in _MULTIFIELDS[:2] if kind in SEARCH_ORDER else ():
            row[name] = []
        self.tables[kind][number] = row
        self._write(kind, row, values)
        return row

    def update(self, kind: str, number: Any, values: Row, user_id: int) -> bool:
        """Change the named fields; False when nothing was different (nothing is saved then)."""
        row = self.get(kind, number)
        before = {name: row.get(name) for name in values}
        self._write(kind, row, values)
        if all(row.get(name) == value for name, value in before.items()):
            return False
        changed = "LAST_UPDATED" if kind == "ACTIVITY" else "DATE_MODIFY"
        row[changed] = records.stamp(self._clock.now())
        row["EDITOR_ID" if kind == "ACTIVITY" else "MODIFY_BY_ID"] = str(user_id)
        return True

    def delete(self, kind: str, number: Any) -> None:
        row = self.get(kind, number)
        del self.tables[kind][int(row["ID"])]
        self._phones = None

    def _defaults(self, kind: str, number: int, now: str, user_id: int) -> Row:
        if kind == "ACTIVITY":
            who = str(user_id)
            return {
                "TYPE_ID": "6",
                "PROVIDER_ID": "",
                "PROVIDER_TYPE_ID": "",
                "SUBJECT": "",
                "CREATED": now,
                "LAST_UPDATED": now,
                "START_TIME": now,
                "END_TIME": now,
                "DEADLINE": now,
                "COMPLETED": "N",
                "STATUS": "1",
                "RESPONSIBLE_ID": who,
                "PRIORITY": "2",
                "DESCRIPTION": "",
                "DESCRIPTION_TYPE": "1",
                "DIRECTION": "0",
                "SETTINGS": [],
                "ORIGINATOR_ID": None,
                "ORIGIN_ID": None,
                "AUTHOR_ID": who,
                "EDITOR_ID": who,
                "RESULT_MARK": "0",
                "COMMUNICATIONS": [],
            }
        template = next(iter(self.tables[kind].values()), {})
        row: Row = {name: None for name in template if name != "ID"}
        row |= records.common(now, user_id)
        if kind == "DEAL":
            row |= {
                "TITLE": f"Сделка #{number}",
                "TYPE_ID": "SALE",
                "CATEGORY_ID": "0",
                "CURRENCY_ID": "RUB",
                "OPPORTUNITY": "0.00",
                "BEGINDATE": now,
                "CLOSEDATE": now,
                "CLOSED": "N",
                "IS_NEW": "Y",
            }
        elif kind == "LEAD":
            row |= {
                "TITLE": f"Лид #{number}",
                "STATUS_ID": "NEW",
                "STATUS_SEMANTIC_ID": "P",
                "OPPORTUNITY": "0.00",
                "CURRENCY_ID": "RUB",
            }
        elif kind == "CONTACT":
            row |= {"NAME": "", "TYPE_ID": "CLIENT", "EXPORT": "Y"}
        return row

    def _write(self, kind: str, row: Row, values: Row) -> None:
        for name, value in values.items():
            if name == "ID":
                continue
            if name in _MULTIFIELDS:
                self._write_multi(row, name, value)
            elif isinstance(value, bool):
                row[name] = "Y" if value else "N"
            elif isinstance(value, int | float):
                row[name] = str(value)
            else:
                row[name] = value
        if kind == "DEAL":
            self._tie_contacts(row, values)
            self._place_deal(row, moved="STAGE_ID" in values)
        elif kind == "LEAD":
            row["STATUS_SEMANTIC_ID"] = records.lead_semantics(str(row.get("STATUS_ID")))
        if kind in SEARCH_ORDER:
            row["HAS_PHONE"] = "Y" if row.get("PHONE") else "N"
            row["HAS_EMAIL"] = "Y" if row.get("EMAIL") else "N"
        if kind == "ACTIVITY":
            row["STATUS"] = "2" if row.get("COMPLETED") == "Y" else "1"
        self._phones = None

    def _tie_contacts(self, row: Row, values: Row) -> None:
        """Keep the deal's contacts and its first one in step, whichever was written."""
        if "CONTACT_IDS" in values:
            numbers = [int(item) for item in values["CONTACT_IDS"] or []]
            row["CONTACT_ID"] = str(numbers[0]) if numbers else None
        elif "CONTACT_ID" in values:
            first = int(values["CONTACT_ID"] or 0)
            numbers = [first] if first else []
        else:
            return
        row["CONTACT_IDS"] = numbers

    def contacts_of(self, deal: Row) -> list[int]:
        """Contacts of a deal, the first one first."""
        known = deal.get("CONTACT_IDS")
        if known is None:
            known = [int(deal["CONTACT_ID"])] if deal.get("CONTACT_ID") else []
        return [int(item) for item in known]

    def _place_deal(self, row: Row, *, moved: bool) -> None:
        """Keep funnel, stage and semantics of a deal in step."""
        category = int(row.get("CATEGORY_ID") or 0)
        stages = {
            records.stage_id(funnel.id, stage.id): (funnel, stage)
            for funnel in self.funnels
            for stage in funnel.stages
        }
        if not moved and not row.get("STAGE_ID"):
            row["STAGE_ID"] = records.stage_id(category, self.funnels[category].stages[0].id)
        found = stages.get(str(row.get("STAGE_ID")))
        if found is None:
            return
        funnel, stage = found
        row["CATEGORY_ID"] = str(funnel.id)
        row["STAGE_SEMANTIC_ID"] = {"process": "P", "success": "S", "failure": "F"}[stage.semantics]
        row["CLOSED"] = "N" if stage.semantics == "process" else "Y"

    def _write_multi(self, row: Row, name: str, value: Any) -> None:
        """An item with ID changes that one, without ID adds, DELETE or empty VALUE removes."""
        items: list[Row] = [dict(item) for item in row.get(name) or []]
        incoming = value.values() if isinstance(value, dict) else value
        for item in incoming if isinstance(value, list | dict) else [{"VALUE": value}]:
            if not isinstance(item, dict):
                continue
            number = str(item.get("ID") or "")
            old = next((have for have in items if have["ID"] == number), None)
            text = item.get("VALUE")
            if old is not None:
                if item.get("DELETE") == "Y" or text == "":
                    items.remove(old)
                else:
                    old["VALUE"] = text if text is not None else old["VALUE"]
                    old["VALUE_TYPE"] = item.get("VALUE_TYPE") or old["VALUE_TYPE"]
            elif text:
                kind = str(item.get("VALUE_TYPE") or "WORK")
                items.append(records.multifield(self._multi_id, name, str(text), kind))
                self._multi_id += 1
        row[name] = items

    def by_phone(
        self, number: str, kinds: tuple[str, ...] = SEARCH_ORDER
    ) -> Iterator[tuple[str, Row]]:
        """Rows with that phone as (kind, row), in the order lead, contact, company."""
        if self._phones is None:
            self._phones = defaultdict(list)
            for kind in SEARCH_ORDER:
                for key, row in self.tables[kind].items():
                    for item in row.get("PHONE") or []:
                        self._phones[self._phone_key(item["VALUE"])].append((kind, key))
        seen: set[tuple[str, int]] = set()
        for kind, key in self._phones.get(self._phone_key(number), []):
            if kind in kinds and (kind, key) not in seen:
                seen.add((kind, key))
                yield kind, self.tables[kind][key]

    def _phone_key(self, number: str) -> str:
        # An extension behind a semicolon or comma is no part of the number.
        main = number.replace(",", ";").split(";")[0]
        return digits(main) if self._by_digits else main

    def open_deals(self, kind: str, number: int) -> list[Row]:
        """Deals in work of a contact or company."""
        name = f"{kind}_ID"
        return [
            row
            for row in self.tables["DEAL"].values()
            if row["CLOSED"] == "N"
            and (
                row.get(name) == str(number)
                or (kind == "CONTACT" and number in self.contacts_of(row))
            )
        ]

    def title(self, kind: str, row: Row) -> str:
        """The name a page or card shows for the row."""
        if kind == "CONTACT":
            return " ".join(part for part in (row.get("NAME"), row.get("LAST_NAME")) if part)
        return str(row.get("TITLE") or f"#{row['ID']}")
