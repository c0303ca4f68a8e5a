"""Which files of a folder this process holds open."""

from pathlib import Path


def open_below(folder: Path) -> list[str]:
    """Return the names of open files in a folder, also of those that have none left.

    To count all descriptors would count those that earlier tests have left to the
    garbage collector, which may close them at any moment.
    """
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(descriptor.readlink()))
        except FileNotFoundError:  # closed since it was listed
            continue
    return sorted(name for name in found if name.startswith(f"{folder.resolve()}/"))
