"""Every table, for the migrations and for nobody else: it stands under the roof, above all features."""

from __future__ import annotations

from crowdfund import audit, installation, mail, outbox, reckoning
from crowdfund.accounts import models as accounts
from crowdfund.ambassadors import models as ambassadors
from crowdfund.campaigns import models as campaigns
from crowdfund.campaigns import preparation
from crowdfund.closing import models as closing
from crowdfund.conversation import models as conversation
from crowdfund.crm import models as crm
from crowdfund.desk import models as desk
from crowdfund.donors import models as donors
from crowdfund.fulfilment import models as fulfilment
from crowdfund.gifts import models as gifts
from crowdfund.institutions import models as institutions
from crowdfund.intake import models as intake
from crowdfund.invitations import models as invitations
from crowdfund.ledger import models as ledger
from crowdfund.me import models as me
from crowdfund.network import models as network
from crowdfund.payments import models as payments
from crowdfund.pictures import models as pictures
from crowdfund.plaques import models as plaques
from crowdfund.pledges import models as pledges
from crowdfund.reach import models as reach
from crowdfund.receipts import models as receipts
from crowdfund.team import models as team
from crowdfund.thanks import models as thanks

__all__ = [
    "accounts",
    "ambassadors",
    "audit",
    "campaigns",
    "closing",
    "conversation",
    "crm",
    "desk",
    "donors",
    "fulfilment",
    "gifts",
    "installation",
    "institutions",
    "intake",
    "invitations",
    "ledger",
    "mail",
    "me",
    "network",
    "outbox",
    "payments",
    "pictures",
    "plaques",
    "pledges",
    "preparation",
    "reach",
    "receipts",
    "reckoning",
    "team",
    "thanks",
]
