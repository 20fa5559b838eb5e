"""One WebKit for the tests of this folder, without a tab of ours between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.webkit.driver import WebKit, running_webkit


@pytest.fixture
def webkit() -> Iterator[WebKit]:
    with running_webkit() as webkit:
        yield webkit
