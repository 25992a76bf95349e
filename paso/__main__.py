"""The program `paso`.

Never: import anything before the version was asked for.
"""

import sys


def main() -> int:
    """Run the command line of this process and return its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from paso import __version__

        print(f"paso {__version__}")  # noqa: T201
        return 0
    from paso.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
