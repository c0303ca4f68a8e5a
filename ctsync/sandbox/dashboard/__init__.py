"""The CSV upload of the dashboard, as its public docs describe it.

It shares the profiles and their rules with the upload API, and no code with who writes
such files.
"""
