"""`geulgam` and `python -m geulgam`."""

import sys


def main() -> None:
    """Run the command line; ends the process with status 0, 1 (failed), 2 (wrong command) or 130 (Ctrl-C)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character still gets the rest
    try:
        from geulgam.cli import app

        app(prog_name="geulgam")
    except KeyboardInterrupt:  # before a command began or after it ended
        print("interrupted; the same command continues", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
