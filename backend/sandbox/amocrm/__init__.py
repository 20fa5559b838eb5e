"""A CRM of the amoCRM kind for demos and tests: OAuth, API v4, hooks, and its own pages.

`create_amo(AmoConfig(...), clock)` is the whole of it; what it holds is `app.state.amo`.
`AmoSite` puts several of them under the vendor's host names.
"""

from __future__ import annotations

from backend.sandbox.amocrm.app import create_amo
from backend.sandbox.amocrm.config import AmoConfig, WidgetPackage
from backend.sandbox.amocrm.faults import Fault
from backend.sandbox.amocrm.site import AmoSite

__all__ = ["AmoConfig", "AmoSite", "Fault", "WidgetPackage", "create_amo"]
