"""Draw the contact sheet of the docs: synthetic people, and what can be asked for.

``python examples/contact_sheet.py docs/images/synthetic-people.jpg`` draws it anew.
"""

import sys
from pathlib import Path

from PIL import Image

from reid_data.synth import contact_sheet

if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/synthetic-people.jpg")
    out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(contact_sheet(columns=11)).save(out, quality=68, optimize=True)
