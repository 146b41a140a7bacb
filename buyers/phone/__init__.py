"""Leads by telephone: a call that reads them, and a text with a link."""
