"""Results of a benchmark: medians and spread over rounds, against a baseline or a target, as a table or as JSON."""

import json
import os
import pathlib
import platform
import statistics
import sys


def progress(text):
    print(text, file=sys.stderr, flush=True)


class Result:
    """One line of the report.

    With a baseline, the target is for the ratio of ours to the baseline, unless it is said to be `absolute`; without
    one, it is for ours. Ratios are taken within a round, so that a slow minute of the machine hits both sides.
    """

    def __init__(
            self, name, unit, *, target=None, baseline_name=None, lower_is_better=False, absolute=False,
            combine=statistics.median):
        self.name = name
        self.unit = unit
        self.target = target
        self.baseline_name = baseline_name
        self.lower_is_better = lower_is_better
        self.absolute = absolute
        self.combine = combine
        self.rounds = []
        self.extra = {}

    def add(self, ours, baseline=None):
        self.rounds.append((ours, baseline))

    @property
    def ours(self):
        return self.combine([ours for ours, _ in self.rounds])

    @property
    def baseline(self):
        return self.combine([baseline for _, baseline in self.rounds]) if self.baseline_name else None

    @property
    def ratio(self):
        if not self.baseline_name:
            return None
        return statistics.median(ours / baseline for ours, baseline in self.rounds)

    @property
    def ok(self):
        if self.target is None:
            return True
        value = self.ratio if self.baseline_name and not self.absolute else self.ours
        return value <= self.target if self.lower_is_better else value >= self.target

    def as_json(self):
        return {
            "name": self.name, "unit": self.unit, "ours": _short(self.ours), "baseline": _short(self.baseline),
            "baseline_name": self.baseline_name, "ratio": _short(self.ratio), "target": self.target, "ok": self.ok,
            "rounds": [{"ours": _short(ours), "baseline": _short(baseline)} for ours, baseline in self.rounds],
        } | self.extra


def machine(**more):
    """What the figures were measured on."""
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory = next(int(line.split()[1]) // 1024 for line in pathlib.Path("/proc/meminfo").read_text().splitlines()
                  if line.startswith("MemTotal:"))
    return {
        "processor": model, "cores": os.cpu_count(), "memory_mb": memory, "system": platform.platform(),
        "load_before": round(os.getloadavg()[0], 2),
    } | more


def emit(bench, machine_facts, seconds, results, as_json):
    """Prints the report on standard output and returns the exit code."""
    if as_json:
        print(json.dumps({
            "bench": bench, "machine": machine_facts, "seconds": round(seconds, 1),
            "results": [result.as_json() for result in results],
        }))
    else:
        _print_table(bench, machine_facts, seconds, results)
    missed = [result.name for result in results if not result.ok]
    if missed:
        progress(f"targets missed: {', '.join(missed)}")
    return 1 if missed else 0


def _print_table(bench, facts, seconds, results):
    rows = [("", "unit", "ours", "spread", "baseline", "ratio", "target", "")]
    for result in results:
        values = [ours for ours, _ in result.rounds]
        target = ""
        if result.target is not None:
            target = f"{'≤' if result.lower_is_better else '≥'} {_text(result.target)}"
        rows.append((
            result.name, result.unit, _text(result.ours), f"{_text(min(values))} … {_text(max(values))}",
            _text(result.baseline), _text(result.ratio, 2), target,
            "" if result.target is None else "ok" if result.ok else "MISSED"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [text.ljust(width) if column in (0, 1, 7) else text.rjust(width)
                 for column, (text, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())
    for result in results:
        if steps := result.extra.get("histogram"):
            print(f"{result.name}: " + ", ".join(f"{count} up to {upper} ms" for upper, count in steps if count))
    for name, value in facts.items():
        print(f"{name}: {json.dumps(value) if isinstance(value, dict) else value}")
    print(f"{bench}: {seconds:.0f} s, medians of {max((len(result.rounds) for result in results), default=0)} rounds")


def histogram(values, bounds):
    """How many values lie in each step; the steps that hold none at the end are left out."""
    counts = [(upper, sum(lower < value <= upper for value in values))
              for lower, upper in zip([float("-inf"), *bounds], bounds)]
    rest = sum(value > bounds[-1] for value in values)
    while counts and rest == 0 and counts[-1][1] == 0:
        counts.pop()
    return counts + ([("any", rest)] if rest else [])


def percentile(values, share):
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * share // 100) - 1))]


def _short(value):
    return None if value is None else float(f"{value:.4g}") if abs(value) < 1000 else round(value)


def _text(value, places=None):
    if value is None:
        return ""
    if places is not None:
        return f"{value:.{places}f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
