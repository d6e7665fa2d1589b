"""What the child process makes of a picture, and of what only pretends to be one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from crowdfund.errors import Refusal
from crowdfund.pictures import child, encoding
from crowdfund.pictures.rules import REASONS, WIDTHS
from crowdfund.storage import FileStorage
from tests.pictures import hostile


def refusal(content: bytes) -> str:
    with pytest.raises(Refusal) as refused:
        encoding.encode(1, content)
    assert refused.value.field == "file"
    return next(reason for reason, words in REASONS.items() if words == refused.value.message)


def opened(made: encoding.Encoded, width: int, kind: str) -> Image.Image:
    return Image.open(io.BytesIO(made.files[width, kind]))


def test_a_photograph_becomes_three_types_in_each_width_it_has() -> None:
    made = encoding.encode(1, hostile.photo())
    assert (made.width, made.height, made.widths) == (1200, 900, (480, 960, 1200))
    assert {kind: opened(made, 480, kind).format for kind in ("avif", "webp", "jpg")} == {
        "avif": "AVIF", "webp": "WEBP", "jpg": "JPEG",
    }  # fmt: skip
    assert opened(made, 960, "webp").size == (960, 720)


def test_the_widths_of_the_child_and_of_the_house_are_the_same() -> None:
    assert child.WIDTHS == WIDTHS


def test_place_camera_and_comment_are_gone_and_the_picture_stands_upright() -> None:
    sent = hostile.with_place()
    assert b"Secret camera" in sent
    assert hostile.PLACE in sent
    made = encoding.encode(1, sent)
    assert (made.width, made.height) == (900, 1200)  # it lay on its side
    for (width, kind), content in made.files.items():
        assert b"Secret" not in content, kind
        assert hostile.PLACE not in content, kind
        image = opened(made, width, kind)
        assert not image.getexif()
        assert not set(image.info) & {"exif", "comment", "xmp", "icc_profile", "photoshop"}


def test_what_is_hidden_behind_a_picture_does_not_come_along() -> None:
    made = encoding.encode(1, hostile.photo() + hostile.SCRIPT + b"PK\x03\x04")
    assert all(hostile.SCRIPT not in content and b"PK\x03\x04" not in content for content in made.files.values())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "nothing"),
        (hostile.bomb(), "pixels"),
        (hostile.drawing(), "kind"),
        (b"GIF89a" + hostile.SCRIPT, "kind"),
        (hostile.moving("GIF"), "kind"),
        (hostile.moving("WEBP"), "moving"),
        (hostile.moving("PNG"), "moving"),
        (hostile.photo(kind="BMP"), "kind"),
        (hostile.photo(kind="TIFF"), "kind"),
        (hostile.photo()[:-4000], "broken"),
        (hostile.photo(kind="PNG")[:3000], "broken"),
        (hostile.photo(200, 900), "small"),
        (bytes(10 * 1024 * 1024 + 1), "heavy"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "kind"),
    ],
)
def test_what_is_no_picture_for_a_page_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    assert refusal(content) == reason


def test_a_picture_as_large_as_allowed_fits_into_the_childs_memory() -> None:
    made = encoding.encode(1, hostile.photo(8000, 5000, "PNG", compress_level=1))
    assert (made.width, made.height) == (1600, 1000)


@pytest.mark.parametrize("mode", ["L", "P", "LA", "RGBA", "CMYK", "1", "I;16"])
def test_every_way_of_writing_colours_is_read(mode: str) -> None:
    written = io.BytesIO()
    source = Image.linear_gradient("L").resize((640, 480))
    image = Image.new("I;16", (640, 480), 30_000) if mode == "I;16" else source.convert("RGB").convert(mode)
    image.save(written, "JPEG" if mode == "CMYK" else "PNG")
    made = encoding.encode(1, written.getvalue())
    assert opened(made, 640, "jpg").mode == "RGB"
    if mode == "I;16":
        assert 100 < opened(made, 640, "jpg").getpixel((9, 9))[0] < 130  # type: ignore[index] # dark stays dark


def test_two_museums_share_no_file() -> None:
    sent = hostile.photo(400, 400)
    assert encoding.encode(1, sent).digest != encoding.encode(2, sent).digest
    assert encoding.encode(1, sent).digest == encoding.encode(1, sent).digest


def test_a_child_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("while True: pass")
    monkeypatch.setattr(encoding, "PROGRAM", endless)
    monkeypatch.setattr(encoding, "PATIENCE", 0.3)
    assert refusal(hostile.photo()) == "slow"


@pytest.mark.parametrize(
    "line", ["x = bytearray(900 << 20)", "open('/etc/passwd', 'rb')\nopen('big', 'wb').write(bytes(64 << 20))"]
)
def test_the_childs_limits_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str) -> None:
    """What would take memory or disc beyond them ends the child, and the person hears that the picture is damaged."""
    greedy = tmp_path / "greedy.py"
    greedy.write_text(
        f"import sys\nsys.path.insert(0, {str(Path(child.__file__).parent)!r})\nimport child\nchild.bind()\n{line}\nprint('{{}}')"
    )
    monkeypatch.setattr(encoding, "PROGRAM", greedy)
    assert refusal(hostile.photo()) == "broken"


def test_nobody_waits_for_ever_behind_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "ANOTHER", 0.01)
    with encoding._turn, pytest.raises(Refusal) as refused:
        encoding.encode(1, hostile.photo())
    assert refused.value.status == 503


def test_files_are_kept_under_their_content(tmp_path: Path) -> None:
    storage, made = FileStorage(tmp_path), encoding.encode(1, hostile.photo(640, 480))
    encoding.keep(storage, made)
    encoding.keep(storage, made)  # again is a no-op
    assert storage.read(f"pictures/{made.digest}/480.avif") == made.files[480, "avif"]
