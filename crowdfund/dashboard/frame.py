"""The frame of every page at the desk."""

from __future__ import annotations

from sqlalchemy.orm import Session

from crowdfund.accounts.csrf import csrf_token
from crowdfund.conversation.questions import count_new
from crowdfund.dashboard.queries import count_waiting
from crowdfund.desk.queries import count_waiting as count_at_desk
from crowdfund.fulfilment.queries import count_owed
from crowdfund.gifts.view import Desk
from crowdfund.institutions.permissions import membership_here, person_here
from crowdfund.pledges import words
from crowdfund.thanks.queries import count_thanks


def desk_here(session: Session) -> Desk:
    """Give the frame for the person at the desk: their museum, their token, what waits."""
    museum, person = membership_here(), person_here()
    todo = count_waiting(session) | {
        "questions": count_new(session) + words.count_waiting(session),
        "desk": count_at_desk(session),
    }
    todo["rewards"], todo["thanks"] = count_owed(session), count_thanks(session)
    return Desk(museum.slug, museum.name, person.name, csrf_token(person.token_hash), todo)
