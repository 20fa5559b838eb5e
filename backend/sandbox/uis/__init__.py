"""A UIS/CoMagic cloud of our own: Call API, Data API, notifications and questions."""

from backend.sandbox.uis.app import create_cloud
from backend.sandbox.uis.cloud import Cloud
from backend.sandbox.uis.config import (
    Ask,
    CloudConfig,
    Employee,
    EmployeePhone,
    Forward,
    Number,
    Queue,
)

__all__ = [
    "Ask",
    "Cloud",
    "CloudConfig",
    "Employee",
    "EmployeePhone",
    "Forward",
    "Number",
    "Queue",
    "create_cloud",
]
