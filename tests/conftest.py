"""For every test: properties are tried with the same examples each time, and a slow machine is no failure."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")
