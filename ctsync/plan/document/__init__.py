"""The saved plan: how it is written, sealed and proven, and read as what travels."""
