"""`python -m nocd` is the script `nocd`."""

from __future__ import annotations

from nocd.cli import main

if __name__ == "__main__":
    main()
