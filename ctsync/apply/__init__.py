"""Carrying a plan out: journal, execute, fold."""
