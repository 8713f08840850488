"""Reads CSV texts with Python's csv module as it is by default. One text a line, its rows a line, both JSON."""

import csv
import io
import json
import sys

for line in sys.stdin:
    try:
        rows = list(csv.reader(io.StringIO(json.loads(line), newline="")))
        print(json.dumps({"rows": rows}), flush=True)
    except csv.Error as error:
        print(json.dumps({"refused": str(error)}), flush=True)
