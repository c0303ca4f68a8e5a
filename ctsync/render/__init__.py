"""Showing documents; everything here reads the document alone."""
