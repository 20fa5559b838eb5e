"""Path parameters: `{plural:card}` is contacts, companies, leads or customers."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor


class _Card(Convertor[str]):
    regex = "contacts|companies|leads|customers"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _Unsorted(_Card):
    """Kinds of Unsorted an integration may add to."""

    regex = "sip|forms"


register_url_convertor("card", _Card())
register_url_convertor("unsorted", _Unsorted())
