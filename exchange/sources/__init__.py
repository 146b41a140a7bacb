"""Documents that say where leads come from beside the API: one file for each kind of source."""
