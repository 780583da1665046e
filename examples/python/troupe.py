"""Yjs documents in Python: the C interface of troupe (troupe.h) by ctypes, with nothing to compile.

    from troupe import Doc
    doc = Doc()
    doc.insert_text("/notes", 0, "hello")
    other = Doc()
    other.apply_update(doc.encode_update(other.state_vector()))
    other.text("/notes")                                   # 'hello'

The library is found by its name, or where TROUPE_ENGINE_LIBRARY says. A document is used by one thread at a time.
Indices within a text count UTF-16 units, as in Yjs; utf16_length() and utf16_index() convert.
"""
import ctypes
import json
import os

ABI_VERSION = 1
V1, V2 = 1, 2
CHANGED, WAITING = 1, 2
STATUS_NAMES = ("ok", "invalid_argument", "invalid_input", "out_of_range", "not_found", "invalid_edit", "conflict",
                "limit", "busy", "no_memory", "broken")

_size = ctypes.c_size_t
_u32 = ctypes.c_uint32
_u64 = ctypes.c_uint64
_text = ctypes.c_char_p
_doc = ctypes.c_void_p


class _Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.POINTER(ctypes.c_uint8)), ("size", _size)]


class _Bytes(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", _size)]


class _Options(ctypes.Structure):
    _fields_ = [("struct_size", _size), ("client_id", _u64), ("document_size_max", _u64), ("pending_size_max", _u64),
                ("keeps_deleted", ctypes.c_int)]


class _Event(ctypes.Structure):
    _fields_ = [("struct_size", _size), ("changes", ctypes.POINTER(ctypes.c_char)), ("changes_size", _size),
                ("update", ctypes.POINTER(ctypes.c_uint8)), ("update_size", _size), ("is_local", ctypes.c_int)]


_Observer = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Event), ctypes.c_void_p)
_buffer = ctypes.POINTER(_Buffer)
_effects = ctypes.POINTER(_u32)

# What each function takes; all of them return a status.
_functions = {
    "troupe_doc_new": [ctypes.POINTER(_Options), ctypes.POINTER(_doc)],
    "troupe_doc_client_id": [_doc, ctypes.POINTER(_u64)],
    "troupe_doc_apply_update": [_doc, _text, _size, ctypes.c_int, _effects],
    "troupe_doc_encode_update": [_doc, _text, _size, ctypes.c_int, _buffer],
    "troupe_doc_encode_state_vector": [_doc, _buffer],
    "troupe_doc_encode_last_change": [_doc, ctypes.c_int, _buffer],
    "troupe_merge_updates": [ctypes.POINTER(_Bytes), _size, ctypes.c_int, _buffer],
    "troupe_diff_update": [_text, _size, _text, _size, ctypes.c_int, _buffer],
    "troupe_convert_update": [_text, _size, ctypes.c_int, ctypes.c_int, _buffer],
    "troupe_state_vector_of_update": [_text, _size, ctypes.c_int, _buffer],
    "troupe_doc_read": [_doc, _text, _buffer],
    "troupe_text_read": [_doc, _text, _buffer],
    "troupe_text_read_delta": [_doc, _text, _buffer],
    "troupe_xml_read": [_doc, _text, _buffer],
    "troupe_length": [_doc, _text, ctypes.POINTER(_u32)],
    "troupe_map_get": [_doc, _text, _text, _buffer],
    "troupe_array_get": [_doc, _text, _u32, _buffer],
    "troupe_text_insert": [_doc, _text, _u32, _text, _size, _text],
    "troupe_text_delete": [_doc, _text, _u32, _u32],
    "troupe_text_format": [_doc, _text, _u32, _u32, _text],
    "troupe_text_set": [_doc, _text, _text, _size],
    "troupe_map_set": [_doc, _text, _text, _text],
    "troupe_map_delete": [_doc, _text, _text],
    "troupe_array_insert": [_doc, _text, _u32, _text],
    "troupe_array_delete": [_doc, _text, _u32, _u32],
    "troupe_doc_edit": [_doc, _text, _effects],
    "troupe_doc_observe": [_doc, _Observer, ctypes.c_void_p, ctypes.POINTER(_u64)],
    "troupe_doc_unobserve": [_doc, _u64],
}


def _load():
    library = ctypes.CDLL(os.environ.get("TROUPE_ENGINE_LIBRARY", "libtroupe_engine.so.1"))
    library.troupe_abi_version.restype = _u32
    for name in ("troupe_version", "troupe_error_message", "troupe_status_text"):
        getattr(library, name).restype = _text
    library.troupe_doc_free.argtypes = [_doc]
    library.troupe_doc_free.restype = None
    library.troupe_buffer_free.argtypes = [_buffer]
    library.troupe_buffer_free.restype = None
    for name, arguments in _functions.items():
        function = getattr(library, name)
        function.argtypes = arguments
        function.restype = ctypes.c_int
    if library.troupe_abi_version() != ABI_VERSION:
        raise ImportError(f"the library has ABI {library.troupe_abi_version()}, not {ABI_VERSION}")
    return library


_library = _load()


class TroupeError(Exception):
    """A call that failed; `status` is one of STATUS_NAMES."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = STATUS_NAMES[status]


def version():
    return _library.troupe_version().decode()


def _call(name, *arguments):
    status = getattr(_library, name)(*arguments)
    if status != 0:
        raise TroupeError(status, _library.troupe_error_message().decode(errors="replace"))


def _take(name, *arguments):
    """Calls a function whose last argument is a buffer, and returns what is in it."""
    buffer = _Buffer()
    _call(name, *arguments, ctypes.byref(buffer))
    try:
        return ctypes.string_at(buffer.data, buffer.size)
    finally:
        _library.troupe_buffer_free(ctypes.byref(buffer))


def _json(value):
    return json.dumps(value, ensure_ascii=False).encode()


def _optional_json(value):
    return None if value is None else _json(value)


def merge_updates(updates, encoding=V1):
    kept = [bytes(each) for each in updates]
    parts = (_Bytes * len(kept))(*[_Bytes(each, len(each)) for each in kept])
    return _take("troupe_merge_updates", parts, len(kept), encoding)


def diff_update(update, state_vector, encoding=V1):
    return _take("troupe_diff_update", update, len(update), state_vector, len(state_vector), encoding)


def convert_update(update, from_encoding, to_encoding):
    return _take("troupe_convert_update", update, len(update), from_encoding, to_encoding)


def state_vector_of_update(update, encoding=V1):
    return _take("troupe_state_vector_of_update", update, len(update), encoding)


def utf16_length(text):
    return len(text.encode("utf-16-le")) // 2


def utf16_index(text, index):
    """The index in UTF-16 units of a place that is counted in characters of Python."""
    return utf16_length(text[:index])


class Doc:
    def __init__(self, client_id=0, document_size_max=0, pending_size_max=0, keeps_deleted=False):
        options = _Options(ctypes.sizeof(_Options), client_id, document_size_max, pending_size_max, keeps_deleted)
        self._doc = _doc()
        self._observers = {}
        _call("troupe_doc_new", ctypes.byref(options), ctypes.byref(self._doc))

    def close(self):
        doc, self._doc = self._doc, _doc()
        _library.troupe_doc_free(doc)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_doc", None):
            self.close()

    @property
    def client_id(self):
        found = _u64()
        _call("troupe_doc_client_id", self._doc, ctypes.byref(found))
        return found.value

    # --- updates ---

    def apply_update(self, update, encoding=V1):
        """Returns CHANGED, WAITING, both or 0."""
        effects = _u32()
        _call("troupe_doc_apply_update", self._doc, update, len(update), encoding, ctypes.byref(effects))
        return effects.value

    def encode_update(self, state_vector=b"", encoding=V1):
        return _take("troupe_doc_encode_update", self._doc, state_vector, len(state_vector), encoding)

    def encode_last_change(self, encoding=V1):
        return _take("troupe_doc_encode_last_change", self._doc, encoding)

    def state_vector(self):
        return _take("troupe_doc_encode_state_vector", self._doc)

    # --- reading ---

    def read(self, path=None):
        return json.loads(_take("troupe_doc_read", self._doc, None if path is None else path.encode()))

    def text(self, path):
        return _take("troupe_text_read", self._doc, path.encode()).decode()

    def delta(self, path):
        return json.loads(_take("troupe_text_read_delta", self._doc, path.encode()))

    def xml(self, path):
        return _take("troupe_xml_read", self._doc, path.encode()).decode()

    def length(self, path):
        found = _u32()
        _call("troupe_length", self._doc, path.encode(), ctypes.byref(found))
        return found.value

    def map_get(self, path, key):
        return json.loads(_take("troupe_map_get", self._doc, path.encode(), key.encode()))

    def array_get(self, path, index):
        return json.loads(_take("troupe_array_get", self._doc, path.encode(), index))

    # --- editing ---

    def insert_text(self, path, index, text, attributes=None):
        utf8 = text.encode()
        _call("troupe_text_insert", self._doc, path.encode(), index, utf8, len(utf8), _optional_json(attributes))

    def delete_text(self, path, index, length):
        _call("troupe_text_delete", self._doc, path.encode(), index, length)

    def format_text(self, path, index, length, attributes):
        _call("troupe_text_format", self._doc, path.encode(), index, length, _json(attributes))

    def set_text(self, path, text):
        utf8 = text.encode()
        _call("troupe_text_set", self._doc, path.encode(), utf8, len(utf8))

    def map_set(self, path, key, value):
        _call("troupe_map_set", self._doc, path.encode(), key.encode(), _json(value))

    def map_delete(self, path, key):
        _call("troupe_map_delete", self._doc, path.encode(), key.encode())

    def array_insert(self, path, index, values):
        _call("troupe_array_insert", self._doc, path.encode(), index, _json(values))

    def array_delete(self, path, index, length=1):
        _call("troupe_array_delete", self._doc, path.encode(), index, length)

    def edit(self, operations):
        """Carries out a list of edit operations (docs/backend-api.md), all of them or none."""
        _call("troupe_doc_edit", self._doc, _json(operations), None)

    # --- observing ---

    def observe(self, call):
        """Calls call(event, update) behind each change: event is {"local", "changes"}. Returns an id."""

        def on_event(event, _):
            at = event.contents
            call(json.loads(ctypes.string_at(at.changes, at.changes_size)),
                 ctypes.string_at(at.update, at.update_size))

        observer = _Observer(on_event)
        found = _u64()
        _call("troupe_doc_observe", self._doc, observer, None, ctypes.byref(found))
        self._observers[found.value] = observer  # or Python would free it
        return found.value

    def unobserve(self, observer_id):
        _call("troupe_doc_unobserve", self._doc, observer_id)
        del self._observers[observer_id]
