#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The common model with SimPy: a process a device, an event a chunk's try.

    common_simpy.py [DEVICES [SEED]]

The model is stated in tests/bench/README.md: wakes 1 h U(0.9, 1.1) apart since
ever, attach lognormal, 10 s of waiting, the transfer begun U(3, 20) s behind
the connect (behind time 0, if the device is connected then), 600 chunks, each
try 60 ms or lost and found out after 2 s, 4 tries, 15 s of restart, attach.
Runs with SimPy 3 or 4, and with SimPy 2 (Debian's python3-simpy).
"""

import random
import sys

from common_report import Watch, report

LONGEST = 1.1 * 3600
SHORTEST = 0.9 * 3600
HORIZON = 30 * 86400.0
CHUNKS = 600
TRIES = 4
LOSS = 0.02


class Device:
    """What is measured; times since time 0 [s]."""

    __slots__ = ("end", "updated", "sends", "awake", "since")

    def __init__(self):
        self.end = "never_begun"
        self.updated = None
        self.sends = 0
        self.awake = 0.0
        self.since = None  # awake since then

    def sleeps(self, now):
        self.awake += max(now - max(self.since, 0.0), 0.0)
        self.since = None


def transfer(rng, wait):
    """Yields the tries; returns how many there were and whether all went
    well."""
    sends = 0
    for _ in range(CHUNKS):
        for _ in range(TRIES):
            sends += 1
            if rng.random() >= LOSS:
                yield wait(0.06)
                break
            yield wait(2.0)
        else:
            return sends, False
    return sends, True


def life(device, rng, wait, now):
    """A device until it is updated; begins one longest interval before time
    0, which falls into a longer interval the more often."""
    hit = (SHORTEST**2 + rng.random() * (LONGEST**2 - SHORTEST**2)) ** 0.5
    wakes = hit * rng.random() - LONGEST
    while True:
        yield wait(wakes - now())
        device.since = now()
        wakes += rng.uniform(SHORTEST, LONGEST)
        yield wait(8 * rng.lognormvariate(0, 0.6))
        sleeps = now() + 10
        begins = max(now(), 0.0) + rng.uniform(3, 20)
        if begins < sleeps and sleeps > 0:
            yield wait(begins - now())
            device.end = "busy"
            sends, good = yield from transfer(rng, wait)
            device.sends += sends
            if good:
                break
            device.end = "aborted"
        else:
            yield wait(sleeps - now())
        device.sleeps(now())
        while wakes <= now():
            wakes += rng.uniform(SHORTEST, LONGEST)
    yield wait(15.0)
    device.end = "unreported"
    yield wait(8 * rng.lognormvariate(0, 0.6))
    device.end = "updated"
    device.updated = now()
    device.sleeps(now())


def run(devices, rng):
    """Runs them with whichever SimPy there is; returns its version."""
    try:
        import simpy
    except ImportError:
        return run_old(devices, rng)
    env = simpy.Environment(initial_time=-LONGEST)
    for device in devices:
        env.process(life(device, rng, env.timeout, lambda: env.now))
    env.run(until=HORIZON)
    return simpy.__version__


def run_old(devices, rng):
    """SimPy 2: a process says how long it holds; its clock begins at 0."""
    from SimPy import Simulation as sim
    from SimPy import __version__

    world = sim.Simulation()
    world.initialize()
    for device in devices:
        process = sim.Process(name="device", sim=world)
        wait = (lambda p: lambda s: (sim.hold, p, s))(process)
        world.activate(
            process, life(device, rng, wait, lambda: world.now() - LONGEST)
        )
    world.simulate(until=HORIZON + LONGEST)
    return __version__


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    watch = Watch()
    devices = [Device() for _ in range(count)]
    version = run(devices, rng)
    watch.stop()
    ends = {}
    for device in devices:
        if device.since is not None:
            device.sleeps(HORIZON)
        ends[device.end] = ends.get(device.end, 0) + 1
    report(
        "SimPy " + version,
        watch,
        ends,
        [d.updated for d in devices if d.updated is not None],
        [d.sends for d in devices],
        [d.awake for d in devices],
    )


if __name__ == "__main__":
    main()
