"""Terraform for CleverTap user profiles: declare, plan, review, apply."""

__version__ = "0.1.0"
