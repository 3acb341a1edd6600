"""How often the 95% interval of a rate holds the true rate, by simulation. Run: python bench/coverage.py

Each goal has its own chance of the event (a beta distribution around the true rate, whose correlation between samples
of one goal is `icc`); each goal is sampled `samples` times. Coverage should be .93 to .97 (exact rates of rare events
are discrete, so single cells may lie above). The last column is what Wilson on the bare trials, blind to goals, covers.
"""

from __future__ import annotations

import sys

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from resolute.core.rates import rate

DRAWS = 2_000
CELLS = [
    (goals, samples, true, icc)
    for goals, samples, icc in ((50, 1, 0.0), (240, 1, 0.0), (30, 4, 0.5), (200, 4, 0.3), (200, 4, 0.9))
    for true in (0.02, 0.1, 0.5)
]


def covered(goals: int, samples: int, true: float, icc: float, *, seed: int) -> tuple[float, float]:
    """Coverage of our interval and of blind Wilson."""
    rng = np.random.default_rng(seed)
    names = [str(goal) for goal in range(goals) for _ in range(samples)]
    ours = blind = 0
    for _ in range(DRAWS):
        spread = 1 / icc - 1 if icc else 0.0
        chances = rng.beta(true * spread, (1 - true) * spread, goals) if icc else np.full(goals, true)
        events = (rng.random((goals, samples)) < chances[:, None]).astype(float)
        found = rate([float(score) for score in events.ravel()], names)
        ours += found.low <= true <= found.high
        low, high = proportion_confint(events.sum(), events.size, method="wilson")
        blind += low <= true <= high
    return ours / DRAWS, blind / DRAWS


def main() -> int:
    """Print the table; exit 1 where a cell covers less than .93."""
    print("| goals | samples each | true rate | correlation | covered | Wilson blind to goals |")
    print("|---|---|---|---|---|---|")
    low = 1.0
    for number, cell in enumerate(CELLS):
        ours, blind = covered(*cell, seed=number)
        low = min(low, ours)
        print(f"| {cell[0]} | {cell[1]} | {cell[2]:.2f} | {cell[3]:.1f} | {ours:.3f} | {blind:.3f} |", flush=True)
    print(f"\n{DRAWS} draws a cell; lowest {low:.3f}")
    return int(low < 0.93)


if __name__ == "__main__":
    sys.exit(main())
