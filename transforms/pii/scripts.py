"""Scripts without spaces between words."""

from __future__ import annotations

# Thai to Khmer, kana, Han, Hangul, full width.
UNSPACED = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff01-\uff0f\uff1a-\uff60\U00020000-\U0003134f]"
)
"""Character class: their letters count as word characters, but end no word."""
