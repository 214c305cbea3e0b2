"""Profile codes typed with Cyrillic letters that look like Latin ones.

Profile codes are Latin (TC, TD, VK), yet people write them with a Russian keyboard, as the customer's guide itself
does: `ТС` and `ВК` there are Cyrillic. The table below says which Latin letter each Cyrillic one stands for.

All pairs are look-alikes except one: Cyrillic В looks like B but stands for V, because the guide's profile ВК is our
VK. The price is that a profile whose code holds a Latin B cannot be reached with a Cyrillic В. Letters outside the
table stay as they are, so a code that merely sounds alike (`ТД`) remains unknown.
"""

from __future__ import annotations

CYRILLIC_TO_LATIN = {
    "А": "A",
    "В": "V",  # by the guide's ВК, not by its looks
    "Е": "E",
    "Һ": "H",
    "Н": "H",
    "І": "I",
    "Ј": "J",
    "К": "K",
    "М": "M",
    "О": "O",
    "Р": "P",
    "Ԛ": "Q",
    "С": "C",
    "Ѕ": "S",
    "Т": "T",
    "У": "Y",
    "Ү": "Y",
    "Ԝ": "W",
    "Х": "X",
}

_FOLDING = str.maketrans(CYRILLIC_TO_LATIN)


def fold_profile_code(code: str) -> str:
    """The Latin capitals a profile code stands for: `" тс "` gives `"TC"`.

    Outer white space goes, letters become capitals, Cyrillic ones of the table become Latin. Never fails: a code that
    no profile has stays unknown. Codes from the configuration are compared after the same folding.
    """
    return code.strip().upper().translate(_FOLDING)
