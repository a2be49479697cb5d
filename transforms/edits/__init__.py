"""Edits: what stages cut out of texts and change in them, applied in one place."""

from __future__ import annotations

from isinglass.transforms.edits.apply import Applied as Applied
from isinglass.transforms.edits.apply import apply_edits as apply_edits
from isinglass.transforms.edits.cut import Cuts as Cuts
from isinglass.transforms.edits.edits import NO_KEY as NO_KEY
from isinglass.transforms.edits.edits import Edits as Edits
from isinglass.transforms.edits.edits import Precedence as Precedence
from isinglass.transforms.edits.edits import Written as Written
from isinglass.transforms.edits.edits import spans_of as spans_of
from isinglass.transforms.edits.view import View as View
