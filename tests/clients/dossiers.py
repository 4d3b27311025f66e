"""What the program of docs/dossier.md says about dossiers, a JSON line each: the complaint, or null where it refuses.

    dossiers.py PROGRAM KEYS FILE..."""

import json
import runpy
import sys
import tomllib
from pathlib import Path


def main():
    program, keys, *files = map(Path, sys.argv[1:])
    verify = runpy.run_path(str(program))["verify"]
    keys = tomllib.loads(keys.read_text())["key"]
    for file in files:
        try:
            found = verify(file.read_bytes(), keys)
        except Exception:  # Whatever it raises is a refusal.
            found = None
        print(json.dumps(found))


main()
