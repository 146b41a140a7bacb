"""Lists of people who must not be sold: how one stands on a list, and what being on it means for a lead."""
