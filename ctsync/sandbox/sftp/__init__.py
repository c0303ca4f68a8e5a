"""The sandbox's other door: files put over SFTP, imported as the public docs have it.

A simulation of documented behaviour, written apart from whoever writes the files. What
the docs leave open is marked as inferred, (I), where it is decided.
"""
