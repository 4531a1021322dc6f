"""What soak tests borrow: the servers of the end-to-end tests."""

from tests.e2e.conftest import pytest_runtest_makereport, serve, server

__all__ = ["pytest_runtest_makereport", "serve", "server"]
