"""The doors of the editor, and the one that gives out pictures, for the roof to open."""

from __future__ import annotations

from crowdfund.editor.agreements import blueprint as agreements
from crowdfund.editor.gallery import blueprint as gallery
from crowdfund.editor.papers import blueprint as papers
from crowdfund.editor.pieces import blueprint as pieces
from crowdfund.editor.review import blueprint as review
from crowdfund.editor.rows import blueprint as rows
from crowdfund.editor.showing import blueprint as showing
from crowdfund.editor.staff import blueprint as staff
from crowdfund.editor.steps import blueprint as steps
from crowdfund.editor.versions import blueprint as versions
from crowdfund.pictures.views import blueprint as pictures

DOORS = (gallery, staff, rows, showing, pieces, steps, papers, agreements, versions, review, pictures)
