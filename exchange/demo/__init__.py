"""A market that runs with no network: made-up people, sellers that post them, buyers that answer over loopback."""
