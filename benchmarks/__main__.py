"""`python -m benchmarks [NAME...] [--quick] [--json FILE]`: run and print.

Never: measure; each benchmark is a module of its own.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import time
from collections.abc import Callable

from benchmarks import report

BENCHMARKS = {
    "fanout": ("fanout", "run"),
    "latency": ("latency", "run"),
    "startup": ("startup", "run"),
    "memory": ("memory", "run"),
    "idle": ("memory", "run_idle"),
    "idle_sessions": ("idle_sessions", "run"),
    "sessions": ("sessions", "run"),
    "computers": ("computers", "run"),
    "cli": ("cli", "run"),
    "run": ("wrapped_run", "run"),
    "store": ("store", "run"),
    "board": ("board", "run"),
    "paint": ("board", "run_paint"),
}
"""Name to module and function, in the order in which they run."""


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    found = parser.parse_args(argv)
    for name in found.names:
        if name not in BENCHMARKS:
            parser.error(f"no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    return found


def load(name: str) -> Callable[[bool], report.Result]:
    module, function = BENCHMARKS[name]
    found = getattr(importlib.import_module(f"benchmarks.{module}"), function)
    assert callable(found)
    return found  # type: ignore[no-any-return]


def main(argv: list[str] | None = None) -> int:
    """Run and print; a missed figure is said, and is no failure of the program."""
    options = arguments(argv)
    print(f"# Paso benchmarks: {machine()}")
    results = [run_one(name, options.quick) for name in options.names or BENCHMARKS]
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            file.write(report.to_json(results))
    missed = [check for result in results for check in result.checks if not check.kept]
    print(f"\n{len(missed)} figures missed")
    return 0


def run_one(name: str, quick: bool) -> report.Result:
    start = time.monotonic()
    result = load(name)(quick)
    report.show(result)
    print(f"  [{name}: {time.monotonic() - start:.1f} s]", flush=True)
    return result


def machine() -> str:
    load_now = os.getloadavg()[0]
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"Linux {platform.release()}, load {load_now:.1f} at the start"
    )


if __name__ == "__main__":
    sys.exit(main())
