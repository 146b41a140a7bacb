"""What each list shows: one file declares its columns and filters, and what it reads for the machine in `lists`."""
