"""Returns: what speaks for one, what a rule makes of it, and what a decision moves."""
