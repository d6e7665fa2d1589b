"""Give out the files of pictures, from our own address. No database is asked: the address names the content."""

from __future__ import annotations

from flask import Blueprint, Response, current_app
from werkzeug.exceptions import NotFound

from crowdfund.headers import FOREVER
from crowdfund.pictures.rules import NAME, TYPES, storage_key
from crowdfund.storage import Storage, StorageError

blueprint = Blueprint("pictures", __name__)


@blueprint.get("/pictures/<digest>/<file>")
def picture(digest: str, file: str) -> Response:
    """Give one file of a picture."""
    found = NAME.fullmatch(f"{digest}/{file}")
    if found is None:
        raise NotFound
    storage: Storage = current_app.extensions["storage"]
    try:
        content = storage.read(storage_key(found[1], int(found[2]), found[3]))
    except StorageError:
        raise NotFound from None
    answer = Response(content, mimetype=TYPES[found[3]])
    answer.headers["Cache-Control"] = FOREVER
    return answer
