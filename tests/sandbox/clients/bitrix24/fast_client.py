"""Runs fast-bitrix24 in a process of its own and prints what it got, as one JSON line.

A process, because the library's HTTP client reads the trusted authorities when it is imported:
with SSL_CERT_FILE set before, nothing of it has to be touched. Arguments: a JSON object of
vendor's names with their loopback ports, the address to call and the tokens.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from typing import Any


def send_names_home(names: dict[str, int]) -> None:
    resolve = socket.getaddrinfo

    def resolved(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host in names:
            return resolve("127.0.0.1", names[host], *rest, **more)
        return resolve(host, port, *rest, **more)

    socket.getaddrinfo = resolved


async def main(order: dict[str, Any]) -> dict[str, Any]:
    import aiohttp
    from fast_bitrix24 import BitrixAsync
    from fast_bitrix24.server_response import ErrorInServerResponseException

    async def fresh_token() -> str:
        """The library asks for a token at its start and whenever one is refused."""
        async with (
            aiohttp.ClientSession() as session,
            session.get("https://oauth.bitrix.info/oauth/token/", params=order["grant"]) as got,
        ):
            pair = await got.json()
        order["grant"]["refresh_token"] = pair["refresh_token"]
        issued.append(pair["access_token"])
        return str(pair["access_token"])

    issued: list[str] = []
    app = BitrixAsync(order["rest"], token_func=fresh_token, verbose=False)
    hook = BitrixAsync(order["webhook"], verbose=False)
    contacts = await app.get_all("crm.contact.list", {"select": ["ID", "NAME"]})
    by_id = await app.get_by_ID("crm.deal.contact.items.get", [1, 2, 3])
    added = await app.call("crm.lead.add", [{"fields": {"TITLE": f"№{n}"}} for n in range(60)])
    batch = await hook.call_batch(
        {
            "halt": 0,
            "cmd": {
                "deal": "crm.deal.get?id=1",
                "contact": "crm.contact.get?id=$result[deal][CONTACT_ID]",
            },
        }
    )
    refused = ""
    try:
        await hook.call("crm.contact.get", {"ID": 999999})
    except ErrorInServerResponseException as error:
        refused = str(error)
    return {
        "contacts": len(contacts),
        "ids": len({row["ID"] for row in contacts}),
        "by_id": by_id,
        "added": len(set(added)),
        "batch": batch,
        "refused": refused,
        "tokens": len(issued),
    }


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    send_names_home(wanted["names"])
    sys.stdout.write(json.dumps(asyncio.run(main(wanted)), ensure_ascii=False) + "\n")
