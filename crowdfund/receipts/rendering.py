"""Render each receipt once and keep its bytes; render it again to see that nothing has moved."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pikepdf
from flask import current_app
from sqlalchemy.orm import Session

from config import Config
from crowdfund import crash
from crowdfund.receipts import letter, seal, service
from crowdfund.receipts.models import Receipt
from crowdfund.receipts.numbering import printed_number, storage_key
from crowdfund.receipts.snapshot import Snapshot
from crowdfund.storage import Storage, StorageError
from crowdfund.tenancy import MuseumScope, museum_of, transaction


def keep(scope: MuseumScope, receipt_id: int) -> None:
    """Render a receipt and keep the bytes, if that was not done. No transaction is open while the PDF is made.

    A process that died between the bytes and their hash is made good here: the same snapshot gives the same bytes.
    Raises PdfError when the letter cannot be made, StorageError when other bytes lie under the receipt's name.
    """
    with transaction(scope) as session:
        receipt = _receipt(session, receipt_id)
        if receipt.sha256 is not None:
            return
        snapshot, key = Snapshot.from_json(receipt.snapshot), storage_key(receipt)
    crash.point("before receipt file")
    content = _kept_once(key, letter.render(snapshot), snapshot)
    crash.point("between receipt file and seal")
    sha256 = hashlib.sha256(content).hexdigest()
    _seal_once(key, snapshot.number, sha256)
    with transaction(scope) as session:
        service.mark_rendered(session, receipt_id, sha256, key)


def render_again(receipt: Receipt) -> bytes:
    """Render a receipt anew from its snapshot; nothing is kept."""
    return letter.render(Snapshot.from_json(receipt.snapshot))


def is_reproduced(receipt: Receipt) -> bool:
    """Say whether the snapshot still gives the bytes that were issued (with the pinned versions it must)."""
    return hashlib.sha256(render_again(receipt)).hexdigest() == receipt.sha256


def stored(receipt: Receipt) -> bytes | None:
    """Read a receipt's bytes as they were issued; None while it is not rendered."""
    return _storage().read(receipt.storage_key) if receipt.storage_key else None


def is_sealed(receipt: Receipt) -> bool:
    """Say whether the platform's seal on a receipt's file holds."""
    if receipt.storage_key is None or receipt.sha256 is None:
        return False
    try:
        found = _storage().read(_seal_key(receipt.storage_key))
    except StorageError:
        return False
    return seal.holds(_config().signing_keys, printed_number(receipt), receipt.sha256, found)


def embedded_record(content: bytes) -> dict[str, Any] | None:
    """Read the data that a receipt's PDF carries; None when there are none, or the file is no PDF."""
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            for name, specification in pdf.attachments.items():
                if name.endswith(".json"):
                    found = json.loads(specification.get_file().read_bytes())
                    return found if isinstance(found, dict) else None
    except (pikepdf.PdfError, ValueError, KeyError, RecursionError):
        return None
    return None


def _kept_once(key: str, content: bytes, snapshot: Snapshot) -> bytes:
    """Write the bytes under their key. Bytes of the same snapshot that are there already win: they came first."""
    try:
        _storage().write(key, content)
    except StorageError:
        first = _storage().read(key)
        if embedded_record(first) != snapshot.record():
            raise
        return first
    return content


def _seal_once(key: str, number: str, sha256: str) -> None:
    keys = _config().signing_keys
    try:
        _storage().write(_seal_key(key), seal.make(keys[0], number, sha256))
    except StorageError:  # sealed before the keys were rolled
        if not seal.holds(keys, number, sha256, _storage().read(_seal_key(key))):
            raise


def _seal_key(key: str) -> str:
    return f"{key}.seal"


def _receipt(session: Session, receipt_id: int) -> Receipt:
    receipt = session.get(Receipt, (museum_of(session), receipt_id))
    if receipt is None:
        raise LookupError(f"no receipt {receipt_id}")
    return receipt


def _storage() -> Storage:
    storage: Storage = current_app.extensions["storage"]
    return storage


def _config() -> Config:
    config: Config = current_app.extensions["config"]
    return config
