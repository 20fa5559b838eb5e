"""The landing page's word on the second engine: where calls come over, and how to move them."""

from __future__ import annotations

from backend.demo.addresses import Addresses

_TEXT = {
    "ru": {
        "title": "Второй движок: облако",
        "lead": "Второй аккаунт, «Вектор», может звонить через облачную телефонию вместо своей "
        "станции: карточки, история и CRM те же, а чего облако не умеет, в карточке погашено.",
        "now": ("Звонки «Вектора» идут через станцию", "Звонки «Вектора» идут через облако"),
        "move": ("Перевести «Вектор» на облако", "Вернуть «Вектор» на станцию"),
        "open": "Открыть пульт облака",
        "how": "Выберите там клиента, позвоните и снимите трубку. Переводите, когда никто не "
        "говорит.",
    },
    "en": {
        "title": "A second engine: the cloud",
        "lead": "The second account, Вектор, may call through cloud telephony instead of a switch "
        "of its own: cards, history and CRM are the same, and what the cloud cannot do is greyed.",
        "now": ("Calls of Вектор come over the switch", "Calls of Вектор come over the cloud"),
        "move": ("Move Вектор to the cloud", "Move Вектор back to the switch"),
        "open": "Open the cloud's page",
        "how": "Choose a customer there, call and pick up. Move the account while nobody talks.",
    },
}  # fmt: skip


def engine_section(where: Addresses, locale: str, *, in_cloud: bool) -> str:
    """HTML."""
    text = _TEXT[locale]
    now, move = text["now"][in_cloud], text["move"][in_cloud]
    page = (
        f'<a class="go" target="_blank" rel="noopener" href="{where.cloud}/?lang={locale}">'
        f"{text['open']}</a><p>{text['how']}</p>"
        if in_cloud
        else ""
    )
    return (
        f'<section id="engine"><h2 class="top">{text["title"]}</h2><p>{text["lead"]}</p>'
        f'<div class="walks"><article class="walk"><span class="chip" role="status">{now}</span>'
        f'{page}<form method="post" action="/sandbox/engine/{"switch" if in_cloud else "cloud"}">'
        f"<button>{move}</button></form></article></div></section>"
    )
