"""What a buyer's system tells of leads it bought: asked every so often, or called by it."""
