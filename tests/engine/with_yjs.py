#!/usr/bin/env python3
"""Documents of Python (examples/python) and of real yjs edit at random, exchange updates in either format, and must
show the same.

    with_yjs.py [RUNS] [SEED]
"""
import base64
import json
import pathlib
import random
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parents[1] / "examples/python"))

import troupe  # noqa: E402


class Yjs:
    """A Y.Doc in Node: requests and answers are lines of JSON."""

    def __init__(self):
        self.process = subprocess.Popen(["node", str(here / "yjs_peer.mjs")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("yjs has ended")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


words = ["a", "bc", "def", " ", "\n", "ä", "🙂", "x" * 50]


def random_edit(doc, rng):
    """One edit of our document, of any kind."""
    length = doc.length("/text")
    kind = rng.randrange(9)
    try:
        if kind <= 2:
            doc.insert_text("/text", rng.randint(0, length), rng.choice(words),
                            rng.choice([None, None, {"bold": True}, {"color": rng.choice(["red", "blue"])}]))
        elif kind == 3 and length > 0:
            at = rng.randrange(length)
            doc.delete_text("/text", at, rng.randint(1, min(4, length - at)))
        elif kind == 4 and length > 0:
            at = rng.randrange(length)
            doc.format_text("/text", at, rng.randint(1, length - at), {"bold": rng.choice([True, None])})
        elif kind == 5:
            doc.map_set("/map", rng.choice("abcd"), rng.choice([1, -2.5, "text", None, {"in": [1, True]}]))
        elif kind == 6:
            doc.map_delete("/map", rng.choice("abcd"))
        elif kind == 7:
            doc.array_insert("/array", rng.randint(0, doc.length("/array")), [rng.randrange(100), "two"])
        elif kind == 8:
            count = doc.length("/array")
            if count > 0:
                doc.array_delete("/array", rng.randrange(count))
            else:
                doc.edit([{"op": "push", "path": "/array", "type": "map", "value": {"k": rng.randrange(10)}}])
    except troupe.TroupeError as error:
        if error.status != "out_of_range":  # inside of a surrogate pair
            raise


def shown_by(doc):
    delta = [[part["insert"], sorted(part.get("attributes", {}).items())] for part in doc.delta("/text")]
    joined = []
    for text, formats in delta:
        if joined and joined[-1][1] == formats:
            joined[-1][0] += text
        else:
            joined.append([text, formats])
    read = doc.read()
    return {"text": joined, "map": read.get("map") or {}, "array": read.get("array") or []}


def shown_by_yjs(state):
    return {"text": [[part["insert"], sorted(part.get("attributes", {}).items())] for part in state["delta"]],
            "map": state["map"], "array": state["array"]}


def run(seed):
    rng = random.Random(seed)
    doc, yjs = troupe.Doc(), Yjs()
    heard = []
    doc.observe(lambda event, update: heard.append(update))
    copy = troupe.Doc()
    for _ in range(12):
        for _ in range(rng.randint(1, 10)):
            random_edit(doc, rng)
        encoding = rng.choice([troupe.V1, troupe.V2])
        state = yjs.ask(edits=rng.randint(0, 10), seed=rng.randrange(1 << 30), encoding=encoding,
                        known=base64.b64encode(doc.state_vector()).decode())
        doc.apply_update(base64.b64decode(state["update"]), encoding)
        update = doc.encode_update(base64.b64decode(state["known"]), encoding)
        state = yjs.ask(edits=0, seed=0, encoding=encoding, apply=base64.b64encode(update).decode(), known="AA==")
        ours, theirs = shown_by(doc), shown_by_yjs(state)
        assert ours == theirs, f"seed {seed}:\n{ours}\n{theirs}"
    for update in heard:
        copy.apply_update(update)
    assert copy.read() == doc.read(), f"seed {seed}: what observers heard differs"
    yjs.close()


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for seed in range(first, first + runs):
        run(seed)
    print(f"{runs} runs with yjs, all the same")


if __name__ == "__main__":
    main()
