"""Who works and who calls in the demo. Two accounts, one per CRM, that never see each other."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.vocabulary import AccountId, CrmKind

ARI_USER, ARI_PASSWORD, ARI_APP = "dozvon", "dozvon", "dozvon"
CONNECTION = "demo"
CLOUD = "demo-cloud"
"""The second engine's connection, which an account may be moved to."""
CLOUD_SECRET, CLOUD_KEY = "sandbox-cloud-door", "sandbox-cloud-key"
CLOUD_CREDENTIALS = f"{CLOUD_SECRET}:{CLOUD_KEY}"
"""Of a sandbox, and public."""
PORTAL_CLIENT_ID = "app.5a2b0c1d4e6f70.81726354"
PORTAL_CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105  a sandbox's own, public value
AMO_CLIENT_ID = "d0f5c0de-0000-4000-8000-00000000d0f5"
AMO_CLIENT_SECRET = "sandbox-amocrm-client-secret-of-the-demo-account"  # noqa: S105  the same
TRUNK = "trunk-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One account. `people` are (user id in the CRM's data set, extension)."""

    account_id: AccountId
    slug: str
    name: str
    crm: CrmKind
    virtual_number: str
    line_name: str
    scenario: str
    people: tuple[tuple[int, str], ...]
    tracked: tuple[tuple[str, str], ...] = ()
    """Numbers of `tracking.toml` as the switch knows them, with their titles."""

    def endpoint(self, extension: str) -> str:
        return f"PJSIP/{self.slug}-{extension}"

    def cloud_phone(self, extension: str) -> str:
        """The SIP line of whoever has this extension, in the cloud; lines there begin with 0."""
        return f"0770{extension}"

    def cloud_endpoint(self, extension: str) -> str:
        return f"UIS/{extension}:{self.cloud_phone(extension)}"


SEVER = Team(
    account_id=AccountId("demo-sever"),
    slug="sever",
    name="Северный свет",
    crm=CrmKind.BITRIX24,
    virtual_number="74951230001",
    line_name="Отдел продаж",
    scenario="Продажи: все сразу, потом старшие",
    people=((1, "100"), (2, "101"), (3, "102"), (4, "103"), (5, "104")),
    tracked=(("74951230011", "сайт"), ("74951230012", "сайт"), ("74951230013", "щит на шоссе")),
)
VEKTOR = Team(
    account_id=AccountId("demo-vektor"),
    slug="vektor",
    name="Вектор",
    crm=CrmKind.AMOCRM,
    virtual_number="74951230002",
    line_name="Сайт и реклама",
    scenario="Сайт: дежурные, потом по очереди",
    people=((1, "100"), (2, "101"), (3, "102"), (4, "103"), (5, "104")),
    tracked=(("74951230021", "сайт"), ("74951230022", "сайт"), ("74951230023", "щит на шоссе")),
)
TEAMS = (SEVER, VEKTOR)

ADMIN, ILYA, MARIA = 1, 2, 3
"""CRM users the demo's links sign in as; the last two are rung first."""

CALLERS = (
    ("Елена Морозова: две открытые сделки", "79161234501"),
    ("Павел Дёмин: сделок нет", "79161234502"),
    ("Светлана или Игорь: один номер на двоих", "79161234503"),
    ("АО «Вектор»: номер компании", "74951234504"),
    ("Артём: лид с сайта", "79161234505"),
    ("Незнакомый номер", "79160000001"),
)
