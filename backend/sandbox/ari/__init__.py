"""A simulated telephone switch that speaks the Asterisk REST Interface (ARI 22)."""

from backend.sandbox.ari.app import create_switch
from backend.sandbox.ari.config import (
    KnownCustomer,
    LineConfig,
    PhoneConfig,
    SwitchConfig,
    VirtualNumber,
)
from backend.sandbox.ari.customers import Script
from backend.sandbox.ari.errors import SandboxError
from backend.sandbox.ari.switch import Switch

__all__ = [
    "KnownCustomer",
    "LineConfig",
    "PhoneConfig",
    "SandboxError",
    "Script",
    "Switch",
    "SwitchConfig",
    "VirtualNumber",
    "create_switch",
]
