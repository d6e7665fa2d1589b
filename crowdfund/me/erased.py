"""The journal of erasures: who was erased and when, outside the database, so that a restored backup brings nobody back.

It names nobody: a person is their address under the platform's secret. It stands among the stored files and is never
cleared; whoever restores brings along the journal of the storage that was in use last.
"""

from __future__ import annotations

import json
from datetime import datetime

from flask import current_app

from crowdfund import clock
from crowdfund.me.visits import person_hash
from crowdfund.storage import Storage

FOLDER = "journal"


def note(email: str) -> None:
    """Note durably that a person is being erased, before the first of their traces goes."""
    now = clock.now()
    person = person_hash(email)
    entry = json.dumps({"person": person, "at": now.isoformat()}).encode()
    _storage().write(f"{FOLDER}/{now:%Y%m%dt%H%M%S%f}z-{person[:16]}.json", entry)


def since(moment: datetime) -> set[str]:
    """Tell who was erased at or after a moment (UTC), as `person_hash` names them."""
    found = set()
    storage = _storage()
    for key in storage.keys():  # noqa: SIM118 - a storage is no mapping
        if key.startswith(f"{FOLDER}/"):
            entry = json.loads(storage.read(key))
            if datetime.fromisoformat(entry["at"]) >= moment:
                found.add(str(entry["person"]))
    return found


def _storage() -> Storage:
    storage: Storage = current_app.extensions["storage"]
    return storage
