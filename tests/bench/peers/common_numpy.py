#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The common model with NumPy: all devices at once, wake by wake, no engine.

    common_numpy.py [DEVICES [SEED]]

The model is stated in tests/bench/README.md. The devices that are not updated
yet take their next wake together. A transfer fails with 1 - (1 - 0.02^4)^600,
at a chunk of a truncated geometric number; of chunks that come through it is
counted how many took one try, two, three, four: a multinomial. The horizon is
looked at when a wake begins only: within 30 d none comes so far, but for one
device in 10^165.
"""

import sys

import numpy as np

from common_report import Watch, report

LONGEST = 1.1 * 3600
SHORTEST = 0.9 * 3600
HORIZON = 30 * 86400.0
CHUNKS = 600
TRIES = 4
LOSS = 0.02
FAILS = 1 - (1 - LOSS**TRIES) ** CHUNKS


def lost_tries(rng, chunks):
    """Of transfers in which so many chunks each came through."""
    share = LOSS ** np.arange(TRIES) * (1 - LOSS)
    return rng.multinomial(chunks, share / share.sum()) @ np.arange(TRIES)


def transfers(rng, count):
    """Returns tries, seconds and which were good."""
    good = rng.random(count) >= FAILS
    chunks = np.full(count, CHUNKS)
    bad = count - np.count_nonzero(good)
    if bad:
        share = (1 - LOSS**TRIES) ** np.arange(CHUNKS)
        chunks[~good] = rng.choice(CHUNKS, size=bad, p=share / share.sum())
    lost = lost_tries(rng, chunks) + np.where(good, 0, TRIES)
    return chunks + lost, chunks * 0.06 + lost * 2.0, good


class Fleet:
    """What is measured, and when each device wakes; times since time 0
    [s]."""

    def __init__(self, rng, count):
        self.rng = rng
        span = LONGEST**2 - SHORTEST**2
        hit = np.sqrt(SHORTEST**2 + rng.random(count) * span)
        self.wakes = hit * rng.random(count) - LONGEST
        self.updated = np.full(count, np.nan)
        self.sends = np.zeros(count, dtype=np.int64)
        self.awake = np.zeros(count)
        self.begun = np.zeros(count, dtype=bool)

    def attach(self, count):
        return self.rng.lognormal(np.log(8), 0.6, count)

    def wake(self, who):
        """One wake of these devices; returns who is to wake again."""
        rng = self.rng
        since = self.wakes[who]
        online = since + self.attach(who.size)
        sleeps = online + 10
        begins = np.maximum(online, 0) + rng.uniform(3, 20, who.size)
        takes = np.flatnonzero((begins < sleeps) & (sleeps > 0))
        sends, lasts, good = transfers(rng, takes.size)
        self.begun[who[takes]] = True
        self.sends[who[takes]] += sends
        ends = sleeps
        ends[takes] = begins[takes] + lasts
        done = takes[good]
        ends[done] += 15 + self.attach(done.size)
        self.updated[who[done]] = ends[done]
        self.awake[who] += np.maximum(ends - np.maximum(since, 0), 0)
        left = np.ones(who.size, dtype=bool)
        left[done] = False
        return self.sleep(who[left], ends[left])

    def sleep(self, who, ends):
        """Puts off their wake, to the first behind the end of this one."""
        late = np.arange(who.size)
        while late.size:
            self.wakes[who[late]] += self.rng.uniform(
                SHORTEST, LONGEST, late.size
            )
            late = late[self.wakes[who[late]] <= ends[late]]
        return who[self.wakes[who] < HORIZON]


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    rng = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    watch = Watch()
    fleet = Fleet(rng, count)
    who = np.arange(count)
    while who.size:
        who = fleet.wake(who)
    watch.stop()
    is_done = ~np.isnan(fleet.updated)
    ends = {
        "updated": int(np.count_nonzero(is_done)),
        "aborted": int(np.count_nonzero(~is_done & fleet.begun)),
        "never_begun": int(np.count_nonzero(~is_done & ~fleet.begun)),
    }
    report(
        "NumPy " + np.__version__,
        watch,
        ends,
        fleet.updated[is_done].tolist(),
        fleet.sends.tolist(),
        fleet.awake.tolist(),
    )


if __name__ == "__main__":
    main()
