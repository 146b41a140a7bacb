"""What brought a conversion: credit shared among the touches that led to it."""
