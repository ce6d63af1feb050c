#!/usr/bin/python3
"""
Write the golden bytes in test/vectors/ from a live Twisted.

    scripts/vectors.py            write all files
    scripts/vectors.py --check    write nothing; exit with 1 if a file differs from the output of Twisted

Needs Debian's python3-twisted with pyOpenSSL (the reference is 22.4). The files do not depend on time or chance: a
second run does not change them. The function ``vectors`` of each module documents the fields.
"""

import sys

sys.dont_write_bytecode = True  # these files are run in place, from a source tree

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test" / "interop" / "twisted"))

from twisted.logger import globalLogBeginner

import golden_arguments
import golden_boxes
import golden_conversations
import golden_malformed

FILES = {
    "boxes.json": golden_boxes,
    "arguments.json": golden_arguments,
    "conversations.json": golden_conversations,
    "malformed.json": golden_malformed,
}


def layout(vectors):
    """Return JSON with a line for each vector, and a line for each step of a vector with steps."""
    names = [vector["name"] for vector in vectors]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"vectors with equal names: {sorted(twice)}")
    return "[\n" + ",\n".join(map(_layoutVector, vectors)) + "\n]\n"


def _layoutVector(vector):
    if "steps" not in vector:
        return "  " + json.dumps(vector)
    steps = ",\n".join("      " + json.dumps(step) for step in vector["steps"])
    fields = [
        f"    {json.dumps(key)}: " + (f"[\n{steps}\n    ]" if key == "steps" else json.dumps(value))
        for key, value in vector.items()
    ]
    return "  {\n" + ",\n".join(fields) + "\n  }"


def main(check):
    # Twisted logs every refused ask. Its default log is standard error.
    globalLogBeginner.beginLoggingTo([lambda event: None], redirectStandardIO=False, discardBuffer=True)
    changed = []
    for name, module in FILES.items():
        path = ROOT / "test" / "vectors" / name
        text = layout(list(module.vectors()))
        if not path.exists() or path.read_text("ascii") != text:
            changed.append(name)
            if not check:
                path.write_text(text, "ascii")
    for name in changed:
        print(f"test/vectors/{name} {'differs' if check else 'written'}")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
