"""Runs one benchmark: bench.py NAME [options]. Each NAME is a module bench_NAME.py with main(arguments) → code."""

import importlib
import pathlib
import signal
import sys
import traceback

from processes import BenchError


def interrupt(*_):
    """Ends the run once: everything started is stopped on the way out, and a second signal must not cut that short."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    names = sorted(path.stem.removeprefix("bench_") for path in pathlib.Path(__file__).parent.glob("bench_*.py"))
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        print(f"usage: Deploy/bench NAME [--json] [--quick], NAME one of {', '.join(names)}", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, interrupt)
    try:
        return importlib.import_module(f"bench_{sys.argv[1]}").main(sys.argv[2:])
    except BenchError as error:
        print(f"cause: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("cause: interrupted", file=sys.stderr)
    except Exception as error:
        traceback.print_exc()
        print(f"cause: {type(error).__name__}: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
