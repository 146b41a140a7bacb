"""Names, phones, emails, places, streets and dates put right where that is sure, and judged where it is not. Pure."""
