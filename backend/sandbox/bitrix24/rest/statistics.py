"""Finished calls: their recordings and the statistics table."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from backend.sandbox.bitrix24.disk import duration_s
from backend.sandbox.bitrix24.download import download
from backend.sandbox.bitrix24.errors import core
from backend.sandbox.bitrix24.query import matching, ordered, page, split_key
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.bitrix24.query import Listing
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

_OPERATORS = {"=", "!", "!=", ">", ">=", "<", "<=", "%", "!%"}
_FIRST_FILE = 1001


@method("telephony.externalCall.attachRecord", scope="telephony", application=True)
async def attach_record(context: Context, params: Params) -> dict[str, Any]:
    """Inline, pulled by the portal inside this request, or as an upload in two steps."""
    portal = context.portal
    call_id, name = params.text("CALL_ID"), params.text("FILENAME")
    url = params.text("RECORD_URL")
    if not url and not name:
        raise core(
            "Required parameters are not set. "
            "Request should contain either URL or FILENAME parameter"
        )
    if portal.telephony.statistic(call_id) is None:
        raise core(
            "Call is not found in the statistic table. It looks like it is not finished yet."
        )
    if url:
        given, content = await download(url)
        return keep(portal, call_id, name or given, content)
    _check_name(name)
    if params.get("FILE_CONTENT") is None:
        token = f"telephony|{base64.b64encode(call_id.encode()).decode()}|{secrets.token_hex(8)}"
        portal.telephony.uploads[token] = (call_id, name)
        address = httpx.URL(
            f"{portal.config.at(context.host).client_endpoint}upload.json",
            params={"auth": context.token, "token": token},
        )
        return {"uploadUrl": str(address), "fieldName": "file"}
    text = params.text("FILE_CONTENT")
    if not text:
        raise core("File content is empty.")
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise core("File content is not properly encoded. Base64 encoding is expected.") from None
    return keep(portal, call_id, name, content)


def _check_name(name: str) -> None:
    if not name.lower().endswith((".wav", ".mp3")):
        raise core("Wrong file extension. Only wav and mp3 are allowed")


def keep(portal: Portal, call_id: str, name: str, content: bytes) -> dict[str, Any]:
    """Store the recording; a second one for the same call replaces the first."""
    if not name:
        raise core("File name is empty")
    _check_name(name)
    portal.telephony.records[call_id] = (name, content)
    file_id = max(portal.papers.files, default=_FIRST_FILE - 1) + 1
    portal.papers.files[file_id] = (name, content)
    address = f"{portal.config.public_url}/disk/{file_id}/{quote(name)}"
    row = portal.telephony.statistic(call_id)
    if row is not None:
        portal.papers.files.pop(row["RECORD_FILE_ID"] or 0, None)
        row["RECORD_FILE_ID"] = file_id
        row["CALL_RECORD_URL"] = address
        row["RECORD_DURATION"] = str(duration_s(name, content))
        activity = portal.store.find("ACTIVITY", row["CRM_ACTIVITY_ID"])
        if activity is not None:
            activity["FILES"] = [{"id": file_id, "url": address}]
    return {"FILE_ID": file_id}


@method("voximplant.statistic.get", scope="telephony")
def statistics(context: Context, params: Params) -> Listing:
    wanted = {str(key).upper(): value for key, value in params.mapping("FILTER").items()}
    # An operator the method does not know is dropped without a word.
    conditions = {k: v for k, v in wanted.items() if split_key(k)[0] in _OPERATORS}
    way = {params.text("SORT", "ID").upper(): params.text("ORDER", "ASC")}
    rows = ordered(matching(context.portal.telephony.statistics, conditions), way)
    return page(rows, params.get("start"))
