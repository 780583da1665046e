#!/usr/bin/env python3
"""examples/python/troupe.py: what it does, and the frozen documents of tests/golden read by it."""
import json
import os
import pathlib
import subprocess
import sys
import threading
import unittest

root = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "examples/python"))

import troupe  # noqa: E402
from troupe import Doc, TroupeError  # noqa: E402


def has_only_json(value):
    """Whether a golden value is written as it is; what JSON lacks is an object with a $ key there."""
    if isinstance(value, dict):
        return not any(key.startswith("$") for key in value) and all(map(has_only_json, value.values()))
    return all(map(has_only_json, value)) if isinstance(value, list) else True


class Interface(unittest.TestCase):
    def test_two_documents_meet(self):
        one, other = Doc(), Doc()
        one.insert_text("/t", 0, "hello 🙂", {"bold": True})
        other.array_insert("/a", 0, [1, {"two": [None]}])
        other.map_set("/m", "k", "v")
        one.apply_update(other.encode_update(one.state_vector()))
        other.apply_update(one.encode_update(other.state_vector(), troupe.V2), troupe.V2)
        self.assertEqual(one.read(), other.read())
        self.assertEqual(one.read(), {"a": [1, {"two": [None]}], "m": {"k": "v"}, "t": "hello 🙂"})
        self.assertEqual(one.delta("/t"), [{"insert": "hello 🙂", "attributes": {"bold": True}}])
        self.assertEqual(one.length("/t"), troupe.utf16_length("hello 🙂"))
        self.assertEqual(one.state_vector(), other.state_vector())

    def test_every_edit(self):
        doc = Doc(client_id=5)
        self.assertEqual(doc.client_id, 5)
        doc.set_text("/t", "a text")
        doc.set_text("/t", "another text")
        doc.format_text("/t", 0, 7, {"em": True})
        doc.delete_text("/t", 0, 3)
        doc.array_insert("/a", 0, [1, 2, 3])
        doc.array_delete("/a", 1)
        doc.map_set("/m", "gone", 1)
        doc.map_delete("/m", "gone")
        doc.edit([{"op": "push", "path": "/x", "type": "xml", "value": {"name": "p", "children": ["in"]}}])
        self.assertEqual(doc.read(), {"a": [1, 3], "m": {}, "t": "ther text", "x": "<p>in</p>"})
        self.assertEqual(doc.xml("/x"), "<p>in</p>")
        self.assertEqual(doc.array_get("/a", 1), 3)
        self.assertNotEqual(doc.encode_last_change(), b"")

    def test_updates_without_a_document(self):
        doc, changes = Doc(), []
        for letter in "abc":
            doc.insert_text("/t", 0, letter)
            changes.append(doc.encode_last_change())
        merged = troupe.merge_updates(changes)
        self.assertEqual(troupe.state_vector_of_update(merged), doc.state_vector())
        rest = troupe.diff_update(merged, troupe.state_vector_of_update(changes[0]))
        other = Doc()
        other.apply_update(changes[0])
        other.apply_update(troupe.convert_update(rest, troupe.V1, troupe.V2), troupe.V2)
        self.assertEqual(other.text("/t"), "cba")

    def test_failures_have_a_status_and_a_message(self):
        doc = Doc()
        for status, call in [("out_of_range", lambda: doc.delete_text("/t", 0, 1)),
                             ("invalid_input", lambda: doc.apply_update(b"\xff\xff")),
                             ("invalid_input", lambda: doc.insert_text("t", 0, "x")),
                             ("not_found", lambda: doc.read("/t")),
                             ("invalid_edit", lambda: doc.edit([{"op": "fly", "path": "/t"}])),
                             ("invalid_argument", lambda: doc.encode_update(encoding=9))]:
            with self.assertRaises(TroupeError) as caught:
                call()
            self.assertEqual(caught.exception.status, status)
            self.assertTrue(str(caught.exception))
        self.assertEqual(doc.read(), {})

    def test_observers_hear_changes_and_may_leave(self):
        doc, copy, heard = Doc(), Doc(), []

        def call(event, update):
            heard.append(event)
            copy.apply_update(update)
            with self.assertRaises(TroupeError) as caught:
                doc.map_set("/m", "no", 1)
            self.assertEqual(caught.exception.status, "busy")

        observer = doc.observe(call)
        doc.map_set("/m", "k", 1)
        doc.unobserve(observer)
        doc.map_set("/m", "k", 2)
        self.assertEqual(heard, [{"local": True, "changes": [{"path": ["m"], "sequence": False, "keys": ["k"]}]}])
        self.assertEqual(copy.read(), {"m": {"k": 1}})

    def test_threads_with_documents_of_their_own(self):
        failed = []

        def work(seed):
            try:
                doc = Doc()
                for i in range(300):
                    doc.insert_text("/t", i, chr(97 + (seed + i) % 26))
                    with self.assertRaises(TroupeError) as caught:
                        doc.delete_text("/t", i + 5, seed)
                    assert caught.exception.status == "out_of_range", caught.exception
                assert doc.length("/t") == 300
            except BaseException as error:  # noqa: BLE001
                failed.append(error)

        threads = [threading.Thread(target=work, args=(i + 1,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])


class Golden(unittest.TestCase):
    """Documents that real yjs wrote."""

    def test_frozen_documents(self):
        count = 0
        for path in sorted((root / "tests/golden/data").glob("*.json")):
            case = json.loads(path.read_text())
            if path.stem == "pending_other_client":
                continue  # the engine shows what stands behind a gap of another client; yjs does not
            for encoding, end in ((troupe.V1, "v1"), (troupe.V2, "v2")):
                with self.subTest(case=path.stem, encoding=end):
                    doc = Doc()
                    doc.apply_update(path.with_name(f"{path.stem}.{end}.bin").read_bytes(), encoding)
                    self.assertEqual(doc.state_vector().hex(), case["state_vector"])
                    for name, shown in case["roots"].items():
                        pointer = json.dumps([name])
                        if shown["kind"] == "text":
                            self.assertEqual(doc.text(pointer), shown["value"])
                        elif shown["kind"] == "xml":
                            self.assertEqual(doc.xml(pointer), shown["value"])
                        elif has_only_json(shown["value"]) and shown["value"]:
                            self.assertEqual(doc.read(pointer), shown["value"])
                    fresh = Doc()
                    fresh.apply_update(bytes.fromhex(case["reencoded_v1"]))
                    self.assertEqual(fresh.encode_update(), doc.encode_update())
                    count += 1
        self.assertGreater(count, 30)


class Example(unittest.TestCase):
    def test_the_example_ends_as_it_says(self):
        done = subprocess.run([sys.executable, root / "examples/python/example.py"], capture_output=True, text=True,
                              env=os.environ, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Shopping 🛒: oat milk, bread", done.stdout)
        self.assertIn("refused: out_of_range", done.stdout)


if __name__ == "__main__":
    unittest.main()
