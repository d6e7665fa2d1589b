"""Draw an uploaded picture anew. A program of its own, started by `encoding` and by nothing else.

It knows nothing of the house and inherits none of its settings. It sets its own limits before it reads a byte, reads `source` in
the folder it is given, writes `<width>.<type>` beside it, and says in one line of JSON what it made, or in one word why not.
Only pixels survive: no EXIF, no place, no comment, nothing appended.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import warnings
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

MEMORY = 512 * 1024 * 1024
SECONDS = 10
PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
WIDTHS = (480, 960, 1600)
LEAST = 320
TALLEST = 3  # times as high as wide: what is higher is bounded by its height
WHITE = (255, 255, 255)


class Refused(Exception):
    """The picture is not taken; the message is one word."""


def bind() -> None:
    """Bound what this process may use, whatever the picture makes of it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (32 * 1024 * 1024, 32 * 1024 * 1024))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.MAX_IMAGE_PIXELS = PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def read(source: Path) -> Image.Image:
    """Open by decoding, never by name: what Pillow does not read as one of three formats is not a picture."""
    try:
        image = Image.open(source, formats=FORMATS)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Refused("pixels") from error
    except Exception as error:
        raise Refused("kind") from error
    if image.width * image.height > PIXELS:
        raise Refused("pixels")
    if getattr(image, "n_frames", 1) > 1:
        raise Refused("moving")
    return image


def flat(image: Image.Image) -> Image.Image:
    """Bring a picture to the size and colours of a page: upright, sRGB, on white where one could see through it."""
    profile = image.info.get("icc_profile")
    image.draft("RGB", (2 * WIDTHS[-1], 2 * WIDTHS[-1]))  # a JPEG is read at half or a quarter where that is enough
    image.load()
    if image.mode == "I;16":
        image = image.point(lambda value: value / 256).convert("L")
    elif image.mode in {"P", "PA", "LA", "1"}:
        image = image.convert("RGBA" if "transparency" in image.info or image.mode in {"PA", "LA"} else "RGB")
    image = ImageOps.exif_transpose(image)
    image.thumbnail((WIDTHS[-1], TALLEST * WIDTHS[-1]), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if profile:
        image = in_srgb(image, profile)
    if image.mode == "RGBA":
        ground = Image.new("RGB", image.size, WHITE)
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    return image.convert("RGB")


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Turn the photographer's colours into those of screens; a profile that cannot be read is left out."""
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        made = ImageCms.profileToProfile(image, theirs, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return made or image


def write(image: Image.Image, folder: Path) -> dict[str, object]:
    """Write the picture in each width that it has and in three types, from new pixels."""
    widths = [width for width in WIDTHS if width < image.width] + [image.width]
    for width in widths:
        height = max(1, round(image.height * width / image.width))
        small = Image.new("RGB", (width, height))  # nothing of the file's own comes along
        small.paste(image.resize((width, height), Image.Resampling.LANCZOS))
        small.save(folder / f"{width}.jpg", "JPEG", quality=82, progressive=True, optimize=True)
        small.save(folder / f"{width}.webp", "WEBP", quality=80, method=4)
        small.save(folder / f"{width}.avif", "AVIF", quality=62, speed=8, max_threads=1)
    return {"width": image.width, "height": image.height, "widths": widths}


def draw(folder: Path) -> dict[str, object]:
    """Read, check, draw. Raises Refused."""
    image = read(folder / "source")
    try:
        image = flat(image)
    except MemoryError as error:
        raise Refused("pixels") from error
    except Exception as error:
        raise Refused("broken") from error
    if image.width < LEAST:
        raise Refused("small")
    return write(image, folder)


if __name__ == "__main__":
    bind()
    try:
        sys.stdout.write(json.dumps(draw(Path(sys.argv[1]))))
    except Refused as refused:
        sys.stdout.write(str(refused))
        sys.exit(3)
