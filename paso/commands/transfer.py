"""In and out of the board: the one place to look for imports and exports.

Never: hold a rule; each format has its own file.
"""

from __future__ import annotations

from paso.commands.export_json import export_json
from paso.commands.export_text import export_csv, export_markdown
from paso.commands.import_go_paso import import_go_paso
from paso.commands.import_json import Report, import_json

__all__ = [
    "Report",
    "export_csv",
    "export_json",
    "export_markdown",
    "import_go_paso",
    "import_json",
]
