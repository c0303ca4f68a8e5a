# ruff: noqa: INP001 - scripts beside each other, not a package
"""What GitHub's runner reads from a step: workflow commands and outputs.

Workflow commands are lines of its output; outputs go to a file that the runner names in
a variable (GitHub's public docs, "Workflow commands").
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def say(name: str, message: str, title: str = "ctsync") -> None:
    """Show an error, warning or notice with the step.

    The runner reads standard error too, and standard output may be a file.
    """
    line = f"::{name} title={escape_property(title)}::{escape_data(message)}"
    sys.stderr.write(line + "\n")


def put_output(name: str, value: str) -> None:
    """Set an output of the step; raises ValueError unless the value is one line."""
    if len(value.splitlines()) > 1 or value.endswith(("\n", "\r")):
        raise ValueError(f"the output {name} would be more than one line")
    path = os.environ.get("GITHUB_OUTPUT")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")


def escape_data(text: str) -> str:
    """Give a message as one line of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Give the value of a workflow command's property."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def fenced(text: str) -> str:
    """Give a text as a block that nothing in it can end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text.rstrip()}\n{fence}\n"
