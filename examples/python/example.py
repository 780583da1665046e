#!/usr/bin/env python3
"""Two people edit the same notes while they are offline, and meet afterwards. No server is involved.

    cmake --build build/release --target troupe_engine
    TROUPE_ENGINE_LIBRARY=build/release/engine/libtroupe_engine.so examples/python/example.py
"""
from troupe import Doc, TroupeError, utf16_index, version


def exchange(one, other):
    """Each sends what the other lacks, as a provider does over a network."""
    to_other = one.encode_update(other.state_vector())
    to_one = other.encode_update(one.state_vector())
    other.apply_update(to_other)
    one.apply_update(to_one)


def main():
    print("troupe", version())
    ada, grace = Doc(), Doc()
    ada.observe(lambda event, update: print(
        "ada's document:", [change["path"] for change in event["changes"]],
        "by herself" if event["local"] else "by others", f"({len(update)} bytes)"))

    ada.insert_text("/notes", 0, "Shopping 🛒: milk")
    exchange(ada, grace)

    # Both are offline now.
    text = ada.text("/notes")
    ada.insert_text("/notes", utf16_index(text, text.index("milk")), "oat ")
    ada.format_text("/notes", 0, 8, {"bold": True})
    grace.insert_text("/notes", grace.length("/notes"), ", bread")
    grace.map_set("/meta", "owner", {"name": "Grace"})
    grace.edit([{"op": "push", "path": "/todo", "type": "map", "value": {"title": "call Ada", "done": False}}])
    grace.map_set("/todo/0", "done", True)

    exchange(ada, grace)
    assert ada.read() == grace.read()
    print(ada.text("/notes"))
    print(ada.delta("/notes"))
    print(ada.read("/todo"), ada.map_get("/meta", "owner"))

    try:
        ada.delete_text("/notes", 1000, 1)
    except TroupeError as error:
        print("refused:", error.status, "-", error)


if __name__ == "__main__":
    main()
