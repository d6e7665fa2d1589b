"""Amounts as people give them, adding up to the cent.

The weights are those of real campaigns: most give 10 to 50, few give much, and the few bring half of the money.
"""

from __future__ import annotations

from itertools import accumulate
from random import Random

# amount in major units → weight in per cent
CITY = {
    2: 2, 5: 5, 10: 13, 15: 8, 20: 14, 25: 7, 30: 11, 40: 2, 50: 20, 75: 1.5, 100: 10, 150: 2, 200: 1.8, 250: 0.9, 300: 0.4,
    500: 0.9, 1000: 0.4, 2500: 0.07, 5000: 0.03,
}  # fmt: skip
TREASURE = {
    5: 1.5, 10: 5, 15: 2.5, 20: 7.5, 30: 10, 40: 2, 50: 24, 60: 3, 80: 2, 100: 20, 120: 1, 150: 6.5, 200: 6, 250: 2.5, 300: 2,
    500: 3.2, 1000: 1, 1500: 0.2, 3000: 0.1,
}  # fmt: skip
SMALL = {2: 6, 5: 16, 10: 26, 15: 14, 20: 14, 25: 6, 30: 6, 50: 9, 60: 1, 100: 1.6, 165: 0.2, 200: 0.2}
WEIGHTS = {"city": CITY, "treasure": TREASURE, "small": SMALL}
TRIES = 40_000


def amounts(random: Random, kind: str, count: int, total_minor: int) -> list[int]:
    """Draw `count` amounts (minor units) that sum to `total_minor` exactly. Raises ValueError when that cannot be."""
    levels, weights = zip(*WEIGHTS[kind].items(), strict=True)
    up_to = list(accumulate(weights))
    drawn = [level * 100 for level in random.choices(levels, cum_weights=up_to, k=count)]
    missing = total_minor - sum(drawn)
    for _ in range(TRIES):
        if not missing:
            return drawn
        place, level = random.randrange(count), random.choices(levels, cum_weights=up_to)[0] * 100
        if abs(missing - (level - drawn[place])) < abs(missing):
            missing -= level - drawn[place]
            drawn[place] = level
    place = max(range(count), key=drawn.__getitem__)
    drawn[place] += missing
    if drawn[place] < levels[0] * 100:
        raise ValueError(f"{count} gifts cannot sum to {total_minor}")
    return drawn
