"""Reads CSV texts with Python's csv module, strictly. One request a line, one answer a line, both JSON.

A request is {"bytes" in base64, "delimiter", "blanks"}; the answer is {"rows": [{"line", "raw", "values"}], "refused": reason or null}
with a row more, whose values are null, for the refused one.
"""

import base64
import csv
import io
import json
import sys


def answer(bytes, delimiter, blanks):
    text = base64.b64decode(bytes).decode("utf-8-sig")
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(iter(lines), delimiter=delimiter, strict=True, skipinitialspace=blanks)
    rows, refused = [], None
    while refused is None:
        begun = reader.line_num
        try:
            values = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            values, refused = None, str(error)
        rows.append({"line": begun + 1, "raw": "".join(lines[begun : reader.line_num]), "values": values})
    return {"rows": rows, "refused": refused}


for request in sys.stdin:
    print(json.dumps(answer(**json.loads(request))), flush=True)
