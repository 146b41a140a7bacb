"""Buyers that take leads from the store: they see a card without a personal value, hold it, and pay to see the rest."""
