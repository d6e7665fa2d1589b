"""By the ORM: the scope's filter alone keeps to the museum, also where row security does not bind; and both together.

`unbound` is a session that row security does not hold: what keeps it to its museum is the filter. `bound` is the
application's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import ScalarResult, create_engine, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, InvalidRequestError, ProgrammingError
from sqlalchemy.orm import Mapper, Session, aliased, defer
from sqlalchemy.orm.exc import StaleDataError

from crowdfund.accounts.models import Account
from crowdfund.campaigns.models import Stage
from crowdfund.database import Base
from crowdfund.donors.models import Donor
from crowdfund.embedded import SUPERUSER, EmbeddedPostgres
from crowdfund.gifts.models import Gift
from crowdfund.institutions.models import Institution
from crowdfund.roles import APPLICATION
from crowdfund.tenancy import OwnedByInstitution, PlatformScope, PublicScope, Scope, ScopeError
from tests import factories
from tests.tenancy.planted import OWNED, A, B

Opened = Callable[[Scope], AbstractContextManager[Session]]
OWNED_MODELS: list[type[Any]] = sorted(
    (mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, OwnedByInstitution)),
    key=lambda cls: cls.__name__,
)


def _session(server: EmbeddedPostgres, role: str, museum: int) -> Iterator[Session]:
    engine = create_engine(server.url(role))
    with Session(engine, info={"scope": factories.scope(museum)}) as session:
        yield session
        session.rollback()
    engine.dispose()


@pytest.fixture
def unbound(two_museums: EmbeddedPostgres) -> Iterator[Session]:
    yield from _session(two_museums, SUPERUSER, A)


@pytest.fixture
def bound(two_museums: EmbeddedPostgres) -> Iterator[Session]:
    yield from _session(two_museums, APPLICATION, A)


@pytest.fixture
def of_b(two_museums: EmbeddedPostgres) -> Iterator[Session]:
    yield from _session(two_museums, APPLICATION, B)


def _left(session: Session, model: type[Any], museum: int) -> int:
    """Count a museum's rows by plain SQL, which no filter of the ORM reaches."""
    counted = text(f"SELECT count(*) FROM {model.__tablename__} WHERE institution_id = {museum}")
    return int(session.execute(counted).scalar_one())


def test_there_is_no_relationship_that_could_leave_the_museum() -> None:
    """Rows are joined by statements, which the filter sees; a relationship would need tests of its own here."""
    assert [str(one) for mapper in Base.registry.mappers for one in mapper.relationships] == []


@pytest.mark.parametrize("model", OWNED_MODELS, ids=lambda model: model.__name__)
def test_the_filter_alone_keeps_reads_and_changes_to_the_museum(unbound: Session, model: type[Any]) -> None:
    assert _left(unbound, model, B) == 1  # row security does not bind here
    unbound.execute(text("SET LOCAL session_replication_role = replica"))
    assert [row.institution_id for row in unbound.scalars(select(model))] == [A]
    assert unbound.scalars(select(model).where(model.institution_id == B)).all() == []
    other = aliased(model)
    assert unbound.execute(select(model, other).where(other.institution_id != model.institution_id)).all() == []
    assert unbound.scalar(select(func.count()).select_from(model)) == 1
    below = select(model.institution_id).where(model.institution_id == B).exists()
    assert unbound.scalar(select(func.count()).select_from(model).where(below)) == 0
    for change in (update(model).values(institution_id=model.institution_id), delete(model)):
        for statement in (change.where(model.institution_id == B), change):
            unbound.execute(statement.execution_options(synchronize_session=False))
            assert _left(unbound, model, B) == 1
    assert _left(unbound, model, A) == 0  # or the test proves nothing


@pytest.mark.parametrize("model", OWNED_MODELS, ids=lambda model: model.__name__)
def test_a_row_of_another_museum_is_not_got(unbound: Session, bound: Session, model: type[Any]) -> None:
    key = ", ".join(_key(model))
    theirs = unbound.execute(text(f"SELECT {key} FROM {model.__tablename__} WHERE institution_id = {B}")).one()
    ours = unbound.execute(text(f"SELECT {key} FROM {model.__tablename__} WHERE institution_id = {A}")).one()
    for session in (unbound, bound):
        assert session.get(model, tuple(theirs)) is None
        found = session.get(model, tuple(ours))
        assert found is not None
        assert found.institution_id == A


def _key(model: type[Any]) -> list[str]:
    mapper: Mapper[Any] = model.__mapper__
    return [column.name for column in mapper.primary_key]


@pytest.mark.parametrize("model", OWNED_MODELS, ids=lambda model: model.__name__)
def test_update_and_delete_of_all_rows_leave_the_other_museum_alone(
    bound: Session, of_b: Session, model: type[Any]
) -> None:
    for change in (update(model).values(institution_id=model.institution_id), delete(model)):
        with suppress(DBAPIError), bound.begin_nested():  # books that only grow refuse even their own
            bound.execute(change.execution_options(synchronize_session=False))
    assert _left(of_b, model, B) == 1


def test_rows_of_another_museum_are_not_added_in_bulk(bound: Session) -> None:
    row = {"campaign_id": 1, "position": 1, "amount_minor": 100, "title": {}, "text": {}}
    theirs = {"institution_id": B} | {name: value for name, value in row.items() if hasattr(Stage, name)}
    ways: list[Callable[[], object]] = [
        lambda: bound.execute(insert(Stage), [theirs]),
        lambda: bound.execute(insert(Stage).values(**theirs)),
        lambda: bound.bulk_insert_mappings(Stage, [theirs]),
        lambda: bound.bulk_save_objects([Stage(**theirs)]),
    ]
    for add in ways:
        with pytest.raises(DBAPIError, match="row-level security"), bound.begin_nested():
            add()
    with pytest.raises(ScopeError), bound.begin_nested():
        bound.add(Stage(**theirs))
    assert _left(bound, Stage, A) == 1


def _stray(of_b: Session, bound: Session) -> Stage:
    """Carry a row that museum B loaded into a session of A."""
    stage = of_b.scalars(select(Stage)).one()
    of_b.expunge(stage)
    bound.add(stage)
    return stage


def test_a_row_that_strayed_in_is_not_refreshed(of_b: Session, bound: Session) -> None:
    stage = _stray(of_b, bound)
    with pytest.raises(InvalidRequestError):
        bound.refresh(stage)


def test_a_row_that_strayed_in_is_not_changed(of_b: Session, bound: Session) -> None:
    stage = _stray(of_b, bound)
    stage.amount_minor += 1
    with pytest.raises(StaleDataError):
        bound.flush()


def test_a_row_that_strayed_in_is_not_deleted(of_b: Session, bound: Session) -> None:
    bound.delete(_stray(of_b, bound))
    with pytest.warns(match="0 were matched"):
        bound.flush()
    assert _left(of_b, Stage, B) == 1


def test_what_a_stray_row_has_not_loaded_stays_away(of_b: Session, bound: Session) -> None:
    """SQLAlchemy looks such a column up by the row's own key, without the filter: row security keeps it."""
    stage = of_b.scalars(select(Stage).options(defer(Stage.title))).one()
    of_b.expunge_all()
    bound.add(stage)
    with pytest.raises(InvalidRequestError):
        _ = stage.title


def test_the_orm_adds_the_museum_to_a_query_of_columns(foreign_donor: tuple[int, int, int], opened: Opened) -> None:
    ours, theirs, donor = foreign_donor
    with opened(factories.scope(ours)) as session:
        found: ScalarResult[str | None] = session.scalars(select(Donor.email).where(Donor.id == donor))
        assert found.all() == []
        joined = select(Donor.email, Gift.id).join(Gift, Gift.donor_id == Donor.id, isouter=True)
        assert session.execute(joined).all() == []
    with opened(factories.scope(theirs)) as session:
        assert len(session.scalars(select(Donor.email).where(Donor.id == donor)).all()) == 1


def test_a_savepoint_of_a_session_keeps_its_museum(foreign_donor: tuple[int, int, int], opened: Opened) -> None:
    ours, _theirs, donor = foreign_donor
    with opened(factories.scope(ours)) as session:
        own = factories.make_donor(session).id
        with suppress(DBAPIError), session.begin_nested():
            factories.make_donor(session)
            session.execute(text("SELECT 1 / 0"))
        assert session.scalars(select(Donor.id)).all() == [own]
        with session.begin_nested():
            assert session.scalars(select(Donor.id).where(Donor.id == donor)).all() == []
        seen = session.execute(text("SELECT id FROM donors"))
        assert [row[0] for row in seen] == [own]


def test_the_orm_adds_the_museum_to_every_statement(foreign_donor: tuple[int, int, int], opened: Opened) -> None:
    ours, theirs, donor = foreign_donor
    with opened(factories.scope(ours)) as session:
        assert session.scalars(select(Donor).where(Donor.id == donor)).all() == []
        assert session.get(Donor, (theirs, donor)) is None
        assert session.scalar(select(func.count()).select_from(Donor)) == 0
    with opened(factories.scope(theirs)) as session:
        assert session.get(Donor, (theirs, donor)) is not None


@pytest.mark.parametrize(
    "statement",
    [
        select(Donor),
        select(Donor.email),
        select(func.count()).select_from(Donor),
        select(func.count()).where(Donor.id == 1),
        select(Institution).where(select(Donor.id).where(Donor.country == Institution.country).exists()),
        select(Institution.name, select(func.count(Donor.id)).scalar_subquery()),
        select(Institution).join(Donor, Donor.institution_id == Institution.id),
        select(aliased(Donor)),
        select(func.count()).select_from(select(Donor.id).subquery()),
        select(Institution.id).union_all(select(Donor.id)),
        update(Donor).values(city="Chambéry"),
        delete(Stage),
        insert(Stage).values(institution_id=1),
        insert(Stage).from_select(["institution_id"], select(Institution.id)),
    ],
    ids=range(14),
)
def test_without_a_museum_in_scope_an_owned_table_is_out_of_reach(app: Flask, opened: Opened, statement: Any) -> None:
    with pytest.raises(ScopeError), opened(PlatformScope()) as session:
        session.execute(statement)


def test_without_a_museum_in_scope_the_platforms_tables_are_in_reach(app: Flask, opened: Opened) -> None:
    with opened(PlatformScope()) as session:
        session.execute(select(Institution).join(Account, Account.id == Institution.id)).all()
        session.execute(text("SELECT 1"))


def test_a_session_without_a_scope_does_nothing(migrated: EmbeddedPostgres) -> None:
    engine = create_engine(migrated.url(APPLICATION))
    with pytest.raises(ScopeError), Session(engine) as session:
        session.execute(text("SELECT 1"))
    engine.dispose()


def test_a_row_of_another_museum_is_not_added(foreign_donor: tuple[int, int, int], opened: Opened) -> None:
    ours, theirs, _donor = foreign_donor
    with pytest.raises(ScopeError), opened(factories.scope(ours)) as session:
        factories.make_donor(session, institution_id=theirs)


def test_a_row_cannot_point_at_another_museums(foreign_donor: tuple[int, int, int], opened: Opened) -> None:
    ours, _theirs, donor = foreign_donor
    with opened(factories.scope(ours)) as session:
        gift = factories.make_gift(session, factories.make_campaign(session)).id
        move = text("UPDATE gifts SET donor_id = :donor WHERE id = :id")
        with pytest.raises(DBAPIError, match="foreign key"), session.begin_nested():
            session.execute(move, {"donor": donor, "id": gift})


def test_the_public_scope_cannot_write(app: Flask, opened: Opened) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), opened(PublicScope()) as session:
        session.execute(text("UPDATE campaigns SET state = 'ended'"))


def test_every_owned_model_takes_its_museum_from_the_scope() -> None:
    by_triggers_or_chain = {"ledger_totals", "campaign_totals", "audit_entries"}
    owned: set[Any] = {
        str(mapper.local_table) for mapper in Base.registry.mappers if issubclass(mapper.class_, OwnedByInstitution)
    }
    assert {table.name for table in OWNED} - owned == by_triggers_or_chain
