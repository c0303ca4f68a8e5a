"""A trial: projects that change, a platform that misbehaves, and who watches both."""
