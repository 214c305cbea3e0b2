"""The tutorial shows the example's own code, word for word."""

from __future__ import annotations

import re

from tests.drivers.operator_process import ROOT

EXAMPLE = ROOT / "examples" / "novaconnect-lantern"
BLOCK = re.compile(r"^```(python|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_piece_of_code_stands_in_the_example() -> None:
    text = (ROOT / "docs" / "writing-a-driver.md").read_text()
    files = [
        file.read_text()
        for pattern in ("*.toml", "novaconnect_lantern/*.py", "tests/*.py")
        for file in EXAMPLE.glob(pattern)
    ]
    blocks = [code for language, code in BLOCK.findall(text) if "[profiles." not in code]
    assert len(blocks) >= 9
    for code in blocks:
        assert any(code in content for content in files), code
