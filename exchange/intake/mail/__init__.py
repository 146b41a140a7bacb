"""Leads out of mail: the message's parts, and what stands in them as labels and values, tables, or ADF."""
