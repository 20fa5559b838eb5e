"""Security headers of our pages (X1): who may frame them, what they may load."""

from __future__ import annotations

from collections.abc import Sequence

MICROPHONE_FRAMES = "microphone; autoplay; speaker-selection; clipboard-write"


def page_headers(
    frame_ancestors: Sequence[str], *, api: str = "'self'", forms: str = "'none'"
) -> dict[str, str]:
    """Headers of an HTML shell; `frame_ancestors` are exact origins, none means nobody."""
    ancestors = " ".join(frame_ancestors) or "'none'"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self'; media-src 'self' blob:; "
        f"connect-src {api}; base-uri 'none'; form-action {forms}; object-src 'none'; "
        f"frame-ancestors {ancestors}"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
