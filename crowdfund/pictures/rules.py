"""What a picture may be, where it lives and what must be said of it. Pure: no database, no web."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from crowdfund.errors import Refusal
from crowdfund.i18n import N_

LARGEST_FILE = 10 * 1024 * 1024
WIDTHS = (480, 960, 1600)
TYPES: Mapping[str, str] = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
LONGEST_ALT = 300
LONGEST_CREDIT = 200
MIDDLE = 50

# The words of the child process, each with what a person can do about it.
REASONS: Mapping[str, str] = {
    "nothing": N_("Choose a picture."),
    "heavy": N_("This file is larger than 10 MB. Save the picture smaller and send it again."),
    "kind": N_("This is not a picture we can read. Send a JPEG, PNG or WebP file."),
    "pixels": N_("This picture has more than 40 million pixels. Save it smaller and send it again."),
    "moving": N_("This picture moves. Send one that stands still."),
    "small": N_("This picture is less than 320 pixels wide: it would look blurred. Send a larger one."),
    "broken": N_("This picture is damaged or incomplete. Save it again as JPEG and send that."),
    "slow": N_("This picture takes too long to read. Save it again as JPEG and send that."),
}
ALT_MISSING = N_("Say what the picture shows, for people who cannot see it.")

NAME = re.compile(r"([0-9a-f]{64})/([0-9]{1,5})\.(avif|webp|jpg)")


def refused(reason: str) -> Refusal:
    """Say why a picture was not taken."""
    return Refusal(REASONS.get(reason, REASONS["broken"]), field="file")


def storage_key(digest: str, width: int, kind: str) -> str:
    """Name a picture's file in the storage."""
    return f"pictures/{digest}/{width}.{kind}"


def address(digest: str, width: int, kind: str) -> str:
    """Give the address of a picture's file: it names the content, so it never changes."""
    return f"/pictures/{digest}/{width}.{kind}"


def sources(digest: str, widths: Sequence[int], kind: str) -> str:
    """Write the files of one type as a `srcset`."""
    return ", ".join(f"{address(digest, width, kind)} {width}w" for width in widths)


def check_alt(alt: Mapping[str, str], home: str) -> None:
    """Make sure that a picture is described in the museum's own language. Raises Refusal."""
    if not alt.get(home):
        raise Refusal(ALT_MISSING, field=f"alt_{home}")


def check_focus(x: int, y: int) -> None:
    """Make sure that the point that matters most is on the picture: percents from the left and from the top."""
    if not (0 <= x <= 100 and 0 <= y <= 100):
        raise Refusal(N_("The point lies outside the picture: from 0 to 100."), field="focus_x")
