"""Tables of the files of donors that a museum brings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund import clock
from crowdfund.database import Base
from crowdfund.tenancy import OwnedByInstitution, owned_key


class DonorFile(OwnedByInstitution, Base):
    """A file of donors. Its rows are kept only until they are taken in, for a week at most; `report` holds no identity."""

    __tablename__ = "donor_files"
    __table_args__ = (Index("ix_donor_files_made", "institution_id", "created_at"),)

    filename: Mapped[str]
    sha256: Mapped[str]
    encoding: Mapped[str]  # "" for a workbook
    delimiter: Mapped[str]
    rows: Mapped[int]
    source: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)  # rules.packed
    state: Mapped[str]  # rules.FileState
    columns: Mapped[dict[str, str]] = mapped_column(default=dict)  # field → name of the column
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)  # rules.Report, as `told` writes it
    origin: Mapped[str | None]  # where the file comes from, in the words of who takes it in
    document_key: Mapped[str | None]  # the paper that proves the consents, in the storage
    done: Mapped[int] = mapped_column(default=0)  # rows taken in so far
    recorded_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    applied_by: Mapped[str | None]
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]


class DonorFileMap(OwnedByInstitution, Base):
    """How a museum's own files of donors are laid out: remembered by the file's head."""

    __tablename__ = "donor_file_maps"
    __table_args__ = (UniqueConstraint("institution_id", "head_sha256"),)

    head_sha256: Mapped[str]
    columns: Mapped[dict[str, str]]
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)


class BroughtDonor(OwnedByInstitution, Base):
    """A record that a file made, and the hash of what it said then; `stays` says why taking the file back left it."""

    __tablename__ = "brought_donors"
    __table_args__ = (
        owned_key("file_id", "donor_files"),
        owned_key("donor_id", "donors", ondelete="CASCADE"),
        Index("ix_brought_donors_file", "institution_id", "file_id", "id"),
        Index("ix_brought_donors_donor", "institution_id", "donor_id"),
    )

    file_id: Mapped[int] = mapped_column(BigInteger)
    donor_id: Mapped[int] = mapped_column(BigInteger)
    line: Mapped[int]
    said_sha256: Mapped[str]
    stays: Mapped[str | None]  # rules.Stays
