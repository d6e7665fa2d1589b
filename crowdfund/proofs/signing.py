"""Sign a plaque: its bytes are made once, kept by their hash, and never change; what changes later makes a new version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from crowdfund import audit, clock
from crowdfund.errors import Conflict, NotFound
from crowdfund.institutions.current import Membership
from crowdfund.plaques import rules
from crowdfund.plaques.keeping import fix_names, plaque_of
from crowdfund.plaques.looks import Look
from crowdfund.plaques.models import PlaqueLine, PlaqueVersion
from crowdfund.plaques.rules import Change, differences
from crowdfund.proofs.printing import pdf
from crowdfund.proofs.reading import read_proof
from crowdfund.proofs.view import Proof, VersionRow
from crowdfund.storage import Storage, StorageError
from crowdfund.tenancy import MuseumScope, transaction


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs: their account, the name and the office that stand under it."""

    account_id: int
    name: str
    quality: str


def sign(scope: MuseumScope, museum: Membership, campaign_id: int, seen: str, signature: Signature) -> int:
    """Freeze a plaque as it was `seen` (its fingerprint), under a name; gives its number. No transaction is open meanwhile.

    Raises Conflict before the campaign has ended and the names are fixed, for a plaque that has changed since it was
    seen, that cannot be cut, or that is signed already.
    """
    with transaction(scope) as session:
        fix_names(session, campaign_id)
        proof = read_proof(session, museum, campaign_id)
        number = _checked(session, proof, seen)
    moment = clock.now()
    content = pdf(proof, moment, for_printers=True, version=number)
    sha256 = hashlib.sha256(content).hexdigest()
    key = f"plaques/{museum.institution_id}/{sha256}.pdf"
    _storage().write(key, content)
    with transaction(scope) as session:
        plaque = plaque_of(session, campaign_id, lock=True)
        proof = read_proof(session, museum, campaign_id)
        if plaque is None or _checked(session, proof, seen) != number:
            raise Conflict(rules.MOVED)
        version = PlaqueVersion(
            plaque_id=plaque.id, number=number, fingerprint=proof.fingerprint, storage_key=key, sha256=sha256,
            size_bytes=len(content), names=len(proof.names), sheets=len(proof.sheets), signed_by_id=signature.account_id,
            signed_name=signature.name, signed_as=signature.quality, signed_at=moment,
        )  # fmt: skip
        session.add(version)
        session.flush()  # for its id
        session.add_all(_lines(version.id, proof))
        audit.record(session, "plaque.signed", f"campaign:{campaign_id}", number=number, sha256=sha256)
    return number


def _checked(session: Session, proof: Proof, seen: str) -> int:
    """Check that a plaque may be signed as it was seen; gives the number it gets."""
    if not proof.ended:
        raise Conflict(rules.NOT_ENDED)
    if proof.locks_on is None:
        raise Conflict(rules.NO_LOCK)
    if not proof.fixed:
        raise Conflict(rules.STILL_OPEN)
    if not proof.names:
        raise Conflict(rules.NOBODY)
    for look, sentence in ((Look.SIGNS, rules.CANNOT_DRAW), (Look.WIDE, rules.TOO_WIDE)):
        wrong = next((one for one in proof.names if look in one.looks), None)
        if wrong is not None:
            raise Conflict(sentence, {"name": wrong.name})
    if not proof.sheets:
        raise Conflict(rules.TOO_MANY, {"most": rules.MOST_SHEETS})
    last = next(iter(versions_of(session, proof.campaign_id)), None)
    if last is not None and last.fingerprint == proof.fingerprint:
        raise Conflict(rules.NOTHING_NEW)
    if proof.fingerprint != seen:
        raise Conflict(rules.MOVED)
    return 1 if last is None else last.number + 1


def _lines(version_id: int, proof: Proof) -> list[PlaqueLine]:
    lines = [(part.heading, one) for part in proof.parts for one in part.names]
    return [
        PlaqueLine(
            version_id=version_id,
            position=position,
            pledge_id=int(one.key[1:]) if one.key[0] == "p" else None,
            group_id=int(one.key[1:]) if one.key[0] == "g" else None,
            heading=heading,
            name=one.name,
        )
        for position, (heading, one) in enumerate(lines, 1)
    ]


def versions_of(session: Session, campaign_id: int) -> Sequence[PlaqueVersion]:
    """List the signed versions of a campaign's plaque, the latest first."""
    plaque = plaque_of(session, campaign_id)
    if plaque is None:
        return ()
    found = select(PlaqueVersion).where(PlaqueVersion.plaque_id == plaque.id)
    return session.scalars(found.order_by(PlaqueVersion.number.desc())).all()


def version_of(session: Session, campaign_id: int, number: int) -> PlaqueVersion:
    """Find a signed version. Raises NotFound."""
    found = next((one for one in versions_of(session, campaign_id) if one.number == number), None)
    if found is None:
        raise NotFound
    return found


def lines_of(session: Session, version: PlaqueVersion) -> Sequence[PlaqueLine]:
    """List the names of a signed version, as they stand on it."""
    found = select(PlaqueLine).where(PlaqueLine.version_id == version.id).order_by(PlaqueLine.position)
    return session.scalars(found).all()


def content_of(version: PlaqueVersion | VersionRow) -> bytes:
    """Read the bytes of a signed version. Raises StorageError when they are missing."""
    return _storage().read(version.storage_key)


def looked_at(versions: Iterable[VersionRow]) -> tuple[VersionRow, ...]:
    """Take the hash of each version anew. Reads the storage: outside of a transaction."""
    return tuple(replace(one, intact=is_intact(one)) for one in versions)


def is_intact(version: PlaqueVersion | VersionRow) -> bool:
    """Say whether the stored bytes still have the hash that was signed."""
    try:
        return hashlib.sha256(content_of(version)).hexdigest() == version.sha256
    except StorageError:
        return False


def read_versions(session: Session, campaign_id: int) -> tuple[VersionRow, ...]:
    """List the signed versions for their page, each with what it changed; `looked_at` takes their hashes."""
    found = versions_of(session, campaign_id)
    said = {one.number: [(line.key, line.name) for line in lines_of(session, one)] for one in found}
    return tuple(
        VersionRow(
            number=one.number,
            names=one.names,
            sheets=one.sheets,
            sha256=one.sha256,
            signed_name=one.signed_name,
            signed_as=one.signed_as,
            signed_at=one.signed_at,
            storage_key=one.storage_key,
            changes=differences(said[one.number - 1], said[one.number]) if one.number - 1 in said else (),
        )
        for one in found
    )


def since_signed(session: Session, proof: Proof) -> tuple[Change, ...] | None:
    """Compare the names with those of the last signed version; None where nothing is signed, or nothing has changed."""
    last = next(iter(versions_of(session, proof.campaign_id)), None)
    if last is None or last.fingerprint == proof.fingerprint:
        return None
    before = [(line.key, line.name) for line in lines_of(session, last)]
    return differences(before, [(one.key, one.name) for one in proof.names])


def _storage() -> Storage:
    storage: Storage = current_app.extensions["storage"]
    return storage
