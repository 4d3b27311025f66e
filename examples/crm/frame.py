"""Writes each complaint of a file as kcat sends it: DIR/000001.key and DIR/000001.value, the value framed.

    $(scripts/clients)/python examples/crm/frame.py examples/crm/complaints.jsonl DIR
"""

import pathlib
import sys

from produce import arguments, complaints, framing

options = arguments(__doc__)
options.add_argument("folder", type=pathlib.Path)
given = options.parse_args()

frame = framing(given.registry, given.topic)
given.folder.mkdir(parents=True, exist_ok=True)
for number, record in enumerate(complaints(given.file, given.bulk), start=1):
    (given.folder / f"{number:06}.key").write_text(record["complaint_id"], encoding="utf-8")
    (given.folder / f"{number:06}.value").write_bytes(frame(record))
sys.exit(0)
