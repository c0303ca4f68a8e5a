"""Deciding what to send: desired, build, policy, schedule, document."""
