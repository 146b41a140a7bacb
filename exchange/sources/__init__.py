"""Documents that say where leads come from: one file per kind, checked whole before they are stored."""
