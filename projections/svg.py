"""What every picture here begins with, and text as XML allows it."""

from html import escape


def begun(width: int, height: int, title: str) -> list[str]:
    """The first lines of a picture of so many pixels: its frame, its title, a white ground."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" role="img">',
        f"<title>{text(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]


def text(words: str) -> str:
    """Words with markup escaped, and no control character, which XML cannot carry."""
    return escape("".join(each if each.isprintable() else "\ufffd" for each in words))
