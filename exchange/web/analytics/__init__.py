"""The analytics explorer: what an address asks, the answer as a table, a chart and files, and the lists it opens."""
