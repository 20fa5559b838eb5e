"""`*.localhost` from a server's side: browsers know that it is this machine, resolvers may not
(RFC 6761 §6.3). For the demo, whose CRMs have addresses of their own there."""

from __future__ import annotations

import httpx


class LoopbackTransport(httpx.AsyncBaseTransport):
    """Sends what is for `*.localhost` to 127.0.0.1, under the name that was asked for; everything
    else goes where it would have gone."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if host == "localhost" or host.endswith(".localhost"):
            # The Host header was made from the name and stays.
            request.url = request.url.copy_with(host="127.0.0.1")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()
