"""Leads that their buyer fetches: by a call of the API, or as a CSV at an address."""
