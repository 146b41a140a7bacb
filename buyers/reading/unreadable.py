"""The one way in which taking a reply apart can fail."""

from __future__ import annotations


class Unreadable(ValueError):
    """The reply cannot be taken apart. The sentence holds nothing of the reply itself."""
