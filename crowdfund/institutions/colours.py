"""The museum's wall colour as plain hex, from OKLCH: letters and mails know no other colours. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wall:
    """The museum's wall colour: hue in degrees, chroma and a shift of lightness, as OKLCH takes them."""

    hue: float
    chroma: float
    shift: float


def oklch(lightness: float, chroma: float, hue: float) -> str:
    """Write an OKLCH colour as #rrggbb, cut at what sRGB can show. Hue in degrees.

    Björn Ottosson, "A perceptual color space for image processing", 2020: https://bottosson.github.io/posts/oklab/
    """
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{_channel(value):02x}" for value in linear)


def _channel(linear: float) -> int:
    cut = min(max(linear, 0.0), 1.0)
    encoded = 12.92 * cut if cut <= 0.0031308 else 1.055 * cut ** (1 / 2.4) - 0.055
    return round(encoded * 255)
