# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Python peers print: one line of JSON like bench_common's own."""

import json
import math
import time


class Watch:
    """Time since it was made, by the clock and of processors."""

    def __init__(self):
        self.wall = time.perf_counter()
        self.cpu = time.process_time()

    def stop(self):
        self.wall = time.perf_counter() - self.wall
        self.cpu = time.process_time() - self.cpu


def mean(values):
    n = len(values)
    middle = math.fsum(values) / n
    squares = math.fsum((x - middle) ** 2 for x in values)
    return [middle, math.sqrt(squares / (n - 1) / n)]


def quantile(values, p):
    """Of sorted values; its error by order statistics four errors of rank
    away."""
    last = len(values) - 1
    far = 4 * math.sqrt(p * (1 - p) * len(values))
    low = values[int(max(p * last - far, 0))]
    high = values[int(min(p * last + far, last))]
    return [values[int(p * last)], (high - low) / 8]


def share(part, n):
    p = part / n
    return [p, math.sqrt(p * (1 - p) / n)]


def report(who, watch, ends, updated, sends, awake):
    """ends: how many devices ended how; times in seconds, a device each."""
    n = len(sends)
    updated = sorted(updated)
    line = {
        "who": who,
        "devices": n,
        "seconds": watch.wall,
        "cpu_seconds": watch.cpu,
    }
    for end in ("updated", "unreported", "busy", "aborted", "never_begun"):
        line[end] = share(ends.get(end, 0), n)
    line["time_mean_s"] = mean(updated)
    for percent in (50, 95, 99):
        line["time_p%d_s" % percent] = quantile(updated, percent / 100)
    line["sends"] = mean(sends)
    line["awake_s"] = mean(awake)
    print(json.dumps(line))
