"""The one place that builds adapters, hands them to services and owns the lifespan."""

from backend.bootstrap.app import create_app, create_worker_app
from backend.bootstrap.foundation import Foundation, foundation
from backend.bootstrap.web import Web, web
from backend.bootstrap.worker import Worker, worker

__all__ = [
    "Foundation",
    "Web",
    "Worker",
    "create_app",
    "create_worker_app",
    "foundation",
    "web",
    "worker",
]
