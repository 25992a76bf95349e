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
    import gc

    from paso.cli.main import run

    # What is frozen is not searched for garbage again when the interpreter leaves:
    # 5 ms of the 50 that `paso list` may take.
    try:
        return run(sys.argv[1:])
    finally:
        gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
