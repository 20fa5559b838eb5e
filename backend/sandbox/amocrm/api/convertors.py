"""Path parameters: `{plural:card}` is contacts, companies or leads."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor


class _Card(Convertor[str]):
    regex = "contacts|companies|leads"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _NoteOwner(_Card):
    """Customers have notes, links and fields too; the account has none of them."""

    regex = "contacts|companies|leads|customers"


class _Unsorted(_Card):
    """Kinds of Unsorted an integration may add to."""

    regex = "sip|forms"


register_url_convertor("card", _Card())
register_url_convertor("entity", _NoteOwner())
register_url_convertor("unsorted", _Unsorted())
