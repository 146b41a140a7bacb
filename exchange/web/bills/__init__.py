"""Money documents for eyes and programs: one telling, from which the page, the PDF, the CSV and the JSON are made."""
