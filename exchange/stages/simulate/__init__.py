"""What recorded leads would have brought under other rules. Pure: nothing here asks, sends or stores."""
