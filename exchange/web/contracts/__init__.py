"""The terms of a contract as a form with its live count, and the leads it missed: for the console and for its buyer."""
