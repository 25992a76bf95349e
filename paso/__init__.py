"""Paso, a live kanban board for terminals: its version and its public names.

Never: import anything here at start; `paso --version` must cost a bare interpreter.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.board import Board, open_board
    from paso.errors import PasoError

__all__ = ["Board", "PasoError", "__version__", "open_board"]

__version__ = "0.1.0"

_HOMES = {"Board": "board", "open_board": "board", "PasoError": "errors"}


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'paso' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"paso.{_HOMES[name]}"), name)
