"""The door for servers: `app` answers HTTP, `celery` works."""

from __future__ import annotations

import os

from config import Config
from crowdfund.app import create_app

app = create_app(Config.from_environ(os.environ))
celery = app.extensions["celery"]
