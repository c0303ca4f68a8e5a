"""What an attribute can be: one file a kind, five questions each."""
