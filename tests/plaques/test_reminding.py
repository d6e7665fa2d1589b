"""Before the names of a plaque are fixed, each donor is shown theirs."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from crowdfund import clock
from crowdfund.gifts.wall import change_wall
from crowdfund.proofs import tasks as proofs_tasks
from tests.after import found
from tests.plaques.conftest import Hall


def test_a_week_before_each_donor_is_shown_their_name_once(app: Flask) -> None:
    with found(app, "proofs.") as museum:
        hall = Hall(museum)
        anne = hall.give("Anne Martin", donor={"email": "anne@example.org"})
        out = hall.give("Luc Perrin", donor={"email": "luc@example.org"})
        hall.give("Old History", donor={"email": "old@example.org"}, imported=True)
        hall.give(donor={"email": "quiet@example.org"})
        hall.lock(clock.now().date() + timedelta(days=20))
        proofs_tasks.show_names(museum.id)
        museum.hear()
        assert museum.mailer.sent == []
        with clock.at(clock.now() + timedelta(days=15)):
            proofs_tasks.show_names(museum.id)
            proofs_tasks.show_names(museum.id)
            with museum.open() as session:  # changed meanwhile: the mail shows what stands
                change_wall(session, hall.pledge_id(anne), shown="other", name="Anne Martin-Roy")
            hall.correct(out, "Luc Perrin", left_out=True)
            museum.hear()
            [mail] = museum.sent_to("anne@example.org")
            assert "Anne Martin-Roy" in mail.text
            assert museum.token(anne) in mail.text
            assert len(museum.mailer.sent) == 1
