"""What `exchange` does on the command line: one file per command, each a few lines over a flow."""
