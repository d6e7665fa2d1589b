"""Turn the drawings of works into pixels, for pictures that leave the site: `python -m tests.pixels [NAME …]`.

Chromium draws each SVG of static/art that a work uses, without a background, into static/share. Run it when a drawing changes.
"""

from __future__ import annotations

import base64
import io
import re
import sys
import tomllib
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from crowdfund.demo.loader import CONTENT
from tests.browser import chromium, started

ROOT = Path(__file__).parent.parent
ART, READY = ROOT / "static" / "art", ROOT / "static" / "share"
OTHERS = {"frame", "astrolabe"}  # shown where a work has no picture, and kept for examples
LONGEST = 1300


def drawings() -> set[str]:
    """List the drawings that the demo's works are shown by."""
    found = {
        campaign["artwork"].get("image", "")
        for file in CONTENT.glob("*.toml")
        for campaign in tomllib.loads(file.read_text(encoding="utf-8")).get("campaigns", ())
    }
    return OTHERS | {Path(name).stem for name in found if name.endswith(".svg")}


def draw(browser: Browser, name: str) -> Path:
    """Draw one."""
    svg = (ART / f"{name}.svg").read_text(encoding="utf-8")
    box = re.search(r'viewBox="([^"]+)"', svg)
    assert box is not None, name
    wide, high = (float(one) for one in box[1].split()[2:])
    scale = LONGEST / max(wide, high)
    width, height = round(wide * scale), round(high * scale)
    page = browser.new_page(viewport={"width": width, "height": height})
    coded = base64.b64encode(svg.encode()).decode()
    page.set_content(
        f"<style>body{{margin:0}}img{{display:block;width:{width}px;height:{height}px}}</style>"
        f'<img src="data:image/svg+xml;base64,{coded}">'
    )
    page.wait_for_function("document.images[0].complete")
    shot = Image.open(io.BytesIO(page.screenshot(omit_background=True))).convert("RGBA")
    page.close()
    path = READY / f"{name}.webp"
    shot.save(path, quality=80, method=6)
    return path


if __name__ == "__main__":
    path = chromium()
    assert path is not None, "no Chromium on this machine"
    with started(path) as running:
        for one in sys.argv[1:] or sorted(drawings()):
            print(draw(running, one))  # noqa: T201 - a command
