"""Leads by fax: one page, brought to the machine by a provider or by a gateway that takes mail."""
