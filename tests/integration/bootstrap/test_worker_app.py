"""A worker that runs apart can be watched: push and look-up latency are measured there."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx

from backend.bootstrap import create_worker_app
from backend.settings import Settings
from tests import valkey


async def test_a_worker_answers_health_and_metrics(database_url: str, tmp_path: Path) -> None:
    key = base64.b64encode(bytes(32)).decode()
    with valkey.running() as redis_url:
        app = create_worker_app(
            Settings(
                database_url=database_url,
                redis_url=redis_url,
                var_dir=tmp_path,
                secret_keys=f"k1:{key}",
            )
        )
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://worker.test") as http,
        ):
            assert (await http.get("/health/ready")).text == "ok\n"
            metrics = (await http.get("/metrics")).text
            for name in (
                "dozvon_push_latency_seconds_bucket",
                "dozvon_look_up_latency_seconds_bucket",
                "dozvon_crm_budget_waiting 0.0",
                "dozvon_calls 0.0",
                "dozvon_jobs_waiting 0.0",
                "dozvon_jobs_parked 0.0",
            ):
                assert name in metrics, name
            await app.state.drain()
            assert (await http.get("/health/ready")).status_code == 503
