"""What is done in Redis in one step, in Lua: whatever these scripts read holds until they have written."""

from importlib.resources import files


def lua(name: str) -> str:
    """Read a script."""
    return (files(__name__) / f"{name}.lua").read_text(encoding="utf-8")
