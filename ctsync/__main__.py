"""`python -m ctsync`."""

from ctsync.cli import main

if __name__ == "__main__":
    main()
