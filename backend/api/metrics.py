"""What Prometheus scrapes. Names are stable: dashboards depend on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

log = structlog.get_logger(__name__)

Collect = Callable[[], Awaitable[None]]
"""Sets the gauges that are counted only when somebody looks."""
_LATENCY_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """One registry per application; what modules count by themselves is in the default one."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        reg = self.registry
        self.sessions = Gauge("dozvon_sessions", "Open widget sockets.", registry=reg)
        self.cut_sessions = Gauge(
            "dozvon_cut_sessions", "Sockets closed for being slow since the start.", registry=reg
        )
        self.push_latency = Histogram(
            "dozvon_push_latency_seconds",
            "Switch event received to push published.",
            buckets=_LATENCY_S,
            registry=reg,
        )
        self.look_up_latency = Histogram(
            "dozvon_look_up_latency_seconds",
            "Asking a CRM who calls.",
            buckets=_LATENCY_S,
            registry=reg,
        )
        self.portal_latency = Histogram(
            "dozvon_portal_latency_seconds",
            "A round trip of a portal's call card, beside ringing.",
            buckets=_LATENCY_S,
            registry=reg,
        )
        self.budget_waiting = Gauge(
            "dozvon_crm_budget_waiting", "Requests waiting for a CRM's budget.", registry=reg
        )
        self.employee_syncs = Counter(
            "dozvon_employee_syncs_total",
            "Synchronisations of employees by what became of them.",
            ["state"],
            registry=reg,
        )
        self.crm_disconnected = Gauge(
            "dozvon_crm_disconnected",
            "Accounts whose CRM wants an administrator to connect again.",
            registry=reg,
        )
        self.calls = Gauge("dozvon_calls", "Calls this process owns.", registry=reg)
        self.board_drift = Gauge(
            "dozvon_board_drift",
            "Calls by which a supervisors' board differed from the history when last compared.",
            ["account"],
            registry=reg,
        )
        self.jobs_waiting = Gauge(
            "dozvon_jobs_waiting", "Durable jobs to do or being done.", registry=reg
        )
        self.jobs_parked = Gauge(
            "dozvon_jobs_parked", "Durable jobs that gave up and wait for somebody.", registry=reg
        )


class HealthApi:
    """`/health/live` (the process runs), `/health/ready` (it can serve), `/metrics`."""

    def __init__(
        self,
        metrics: Metrics,
        checks: dict[str, Callable[[], Awaitable[None]]],
        collect: Collect | None = None,
        answer: Callable[[str], str] | None = None,
    ) -> None:
        """`answer` proves to `dozvon doctor` that an address leads to this installation."""
        self._metrics = metrics
        self._checks = checks
        self._collect = collect
        self._answer = answer
        self.draining = False

    def routes(self) -> list[Route]:
        return [
            Route("/health/live", self.live),
            Route("/health/ready", self.ready),
            Route("/metrics", self.scrape),
        ]

    async def drain(self) -> None:
        self.draining = True

    async def live(self, request: Request) -> Response:
        """`?nonce=` is answered with what our key says to it, and with how the asker is seen:
        behind a proxy that is not trusted, everybody has the proxy's address."""
        headers = {}
        nonce = request.query_params.get("nonce", "")
        if self._answer is not None and 16 <= len(nonce) <= 64:
            seen = request.client.host if request.client else ""
            headers = {"Dozvon-Answer": self._answer(nonce), "Dozvon-Seen": seen}
            headers["Dozvon-Scheme"] = request.url.scheme
        return Response("ok\n", media_type="text/plain", headers=headers)

    async def ready(self, _request: Request) -> Response:
        """503 with one line per failing part; also while draining, so that balancers move on."""
        failures = ["draining"] if self.draining else []
        for name, check in self._checks.items():
            try:
                await check()
            except Exception as error:
                failures.append(f"{name}: {type(error).__name__}")
        body = "".join(f"{line}\n" for line in failures) or "ok\n"
        return Response(body, 503 if failures else 200, media_type="text/plain")

    async def scrape(self, _request: Request) -> Response:
        if self._collect is not None:
            try:
                await self._collect()
            except Exception as error:
                # What could be counted is worth more than none.
                log.warning("metrics.collect_failed", error=str(error))
        return Response(
            generate_latest(self._metrics.registry) + generate_latest(REGISTRY),
            media_type="text/plain; version=0.0.4; charset=utf-8",
        )
