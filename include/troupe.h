/*
 * The Yjs engine of troupe for programs in other languages: documents that apply, edit, read and
 * encode Yjs updates, without a server. See docs/embedding.md; examples/python uses all of it.
 *
 * Status   Every function that can fail returns a troupe_status, 0 for success. After a failure
 *          troupe_error_message() says why, until the next call on the same thread. A call that
 *          fails changes nothing. Where memory ends in the middle of a change (TROUPE_NO_MEMORY),
 *          all later calls for the document fail with TROUPE_BROKEN. No exception leaves the
 *          library.
 * Memory   Arguments belong to the caller and are not kept. A troupe_buffer that a function fills
 *          belongs to the caller, who frees it with troupe_buffer_free(); after a failure it is
 *          empty. A troupe_doc belongs to who made it, and is freed with troupe_doc_free(). What a
 *          troupe_event points to is valid until the observer returns.
 * Threads  A document is used by one thread at a time. Different documents may be used by
 *          different threads at once. Nothing is locked.
 * Text     is UTF-8. Sizes are in bytes; indices and lengths within a text count UTF-16 units, as
 *          in Yjs, and elements everywhere else.
 * Paths    name a root or what is in it: "/notes" is the root "notes", "/notes/0/title" what its
 *          first element has under the key "title"; ~1 stands for / and ~0 for ~ in a key. A JSON
 *          array does the same: ["notes", 0, "title"]. A root exists as soon as something is in it.
 * Limits   Larger inputs than these are refused with TROUPE_LIMIT.
 */
#ifndef TROUPE_H
#define TROUPE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TROUPE_API __attribute__((visibility("default")))

/** Changes when a function or a type changes in a way that old programs cannot use. */
#define TROUPE_ABI_VERSION 1

/** Bytes of an update or a state vector. */
#define TROUPE_UPDATE_SIZE_MAX ((size_t)1 << 30)
/** Bytes of a text that is inserted, and of JSON. */
#define TROUPE_TEXT_SIZE_MAX ((size_t)16 << 20)
/** Bytes of a path or a key. */
#define TROUPE_PATH_SIZE_MAX ((size_t)1 << 20)
/** Updates that troupe_merge_updates() takes. */
#define TROUPE_UPDATES_MAX ((size_t)1 << 20)
/** Observers of one document. */
#define TROUPE_OBSERVERS_MAX 1000

/** As a size: the text ends with a NUL. */
#define TROUPE_NUL_TERMINATED ((size_t)-1)

typedef int troupe_status;
enum {
  TROUPE_OK = 0,
  TROUPE_INVALID_ARGUMENT = 1, /**< A null pointer, or a number that means nothing. */
  TROUPE_INVALID_INPUT = 2,    /**< Bytes, text, JSON or a path that cannot be read. */
  TROUPE_OUT_OF_RANGE = 3,     /**< Beyond the end, or inside of a surrogate pair. */
  TROUPE_NOT_FOUND = 4,        /**< Nothing is there. */
  TROUPE_INVALID_EDIT = 5,     /**< The edit does not fit what is at its path. */
  TROUPE_CONFLICT = 6,         /**< A "test" of troupe_doc_edit() does not hold. */
  TROUPE_LIMIT = 7,            /**< Too large, too many, too much work, or the document is full. */
  TROUPE_BUSY = 8,             /**< An observer may not change the document. */
  TROUPE_NO_MEMORY = 9,
  TROUPE_BROKEN = 10 /**< A change has failed in its middle: the document can only be freed. */
};

/** Encodings of updates. */
typedef int troupe_format;
enum { TROUPE_V1 = 1, TROUPE_V2 = 2 };

/** What a change has done; several may be set. */
typedef uint32_t troupe_effects;
enum {
  TROUPE_CHANGED = 1, /**< Something was inserted or deleted. */
  TROUPE_WAITING = 2  /**< A part waits for an update that has not arrived. */
};

typedef struct troupe_doc troupe_doc;

/** Bytes of the library's. `data` has a NUL behind its end, and is never null after a success. */
typedef struct troupe_buffer {
  uint8_t* data;
  size_t size;
} troupe_buffer;

/** Bytes of the caller's. */
typedef struct troupe_bytes {
  const uint8_t* data;
  size_t size;
} troupe_bytes;

/* --- the library --- */

/** TROUPE_ABI_VERSION of the library that is loaded. */
TROUPE_API uint32_t troupe_abi_version(void);
/** Such as "0.1.0". */
TROUPE_API const char* troupe_version(void);
/** Such as "out of range". Never null. */
TROUPE_API const char* troupe_status_text(troupe_status status);
/** Why the last call on this thread failed, shortened to 511 bytes; "" if it did not. */
TROUPE_API const char* troupe_error_message(void);
/** Frees what a function has filled in, and empties it. Null and empty buffers do nothing. */
TROUPE_API void troupe_buffer_free(troupe_buffer* buffer);

/* --- documents --- */

/** Initialise it with TROUPE_OPTIONS_INIT, so that later members have their defaults. */
typedef struct troupe_options {
  size_t struct_size;
  /** Who writes, up to 2^53 - 1; nobody else may ever use it in the document. 0: a random one. */
  uint64_t client_id;
  /** Bytes of memory of its contents. 0: 1 GiB. */
  uint64_t document_size_max;
  /** Bytes of updates that wait for earlier ones. 0: 16 MiB. */
  uint64_t pending_size_max;
  /** Keep what was deleted, for readers of the past (gc: false of Yjs). */
  int keeps_deleted;
} troupe_options;
#define TROUPE_OPTIONS_INIT                                                                        \
  { sizeof(troupe_options), 0, 0, 0, 0 }

/** `options` may be null. */
TROUPE_API troupe_status troupe_doc_new(const troupe_options* options, troupe_doc** doc);
/** Null does nothing. In an observer, it takes effect when the change has been told. */
TROUPE_API void troupe_doc_free(troupe_doc* doc);
/** Under which id it writes. It changes when somebody else is found to use the same, as in Yjs. */
TROUPE_API troupe_status troupe_doc_client_id(const troupe_doc* doc, uint64_t* client_id);

/** Applies an update whole or not at all. `effects` may be null. */
TROUPE_API troupe_status troupe_doc_apply_update(troupe_doc* doc, const uint8_t* update,
                                                 size_t size, troupe_format format,
                                                 troupe_effects* effects);
/** What a document with this state vector lacks; without one (null, 0) all of it. */
TROUPE_API troupe_status troupe_doc_encode_update(const troupe_doc* doc,
                                                  const uint8_t* state_vector, size_t size,
                                                  troupe_format format, troupe_buffer* update);
TROUPE_API troupe_status troupe_doc_encode_state_vector(const troupe_doc* doc,
                                                        troupe_buffer* state_vector);
/** What the last edit or update did, as an update for others; nothing if it failed. */
TROUPE_API troupe_status troupe_doc_encode_last_change(const troupe_doc* doc, troupe_format format,
                                                       troupe_buffer* update);

/* --- updates without a document --- */

TROUPE_API troupe_status troupe_merge_updates(const troupe_bytes* updates, size_t count,
                                              troupe_format format, troupe_buffer* merged);
/** What of an update a document with this state vector lacks. */
TROUPE_API troupe_status troupe_diff_update(const uint8_t* update, size_t size,
                                            const uint8_t* state_vector, size_t state_vector_size,
                                            troupe_format format, troupe_buffer* difference);
TROUPE_API troupe_status troupe_convert_update(const uint8_t* update, size_t size,
                                               troupe_format from, troupe_format to,
                                               troupe_buffer* converted);
TROUPE_API troupe_status troupe_state_vector_of_update(const uint8_t* update, size_t size,
                                                       troupe_format format,
                                                       troupe_buffer* state_vector);

/* --- reading --- */

/** JSON of what is at a path, or of all roots (null). Fails with TROUPE_NOT_FOUND. */
TROUPE_API troupe_status troupe_doc_read(const troupe_doc* doc, const char* path,
                                         troupe_buffer* json);
/** The plain text at a path; "" where nothing was ever written. */
TROUPE_API troupe_status troupe_text_read(const troupe_doc* doc, const char* path,
                                          troupe_buffer* text);
/** The text with its formats: [{"insert": "text", "attributes": {"bold": true}}, ...]. */
TROUPE_API troupe_status troupe_text_read_delta(const troupe_doc* doc, const char* path,
                                                troupe_buffer* json);
/** XML as Yjs prints it. */
TROUPE_API troupe_status troupe_xml_read(const troupe_doc* doc, const char* path,
                                         troupe_buffer* xml);
/** UTF-16 units of a text, elements of an array, children of XML. */
TROUPE_API troupe_status troupe_length(const troupe_doc* doc, const char* path, uint32_t* length);
/** JSON of the value of a key. Fails with TROUPE_NOT_FOUND. */
TROUPE_API troupe_status troupe_map_get(const troupe_doc* doc, const char* path, const char* key,
                                        troupe_buffer* json);
/** JSON of an element. Fails with TROUPE_OUT_OF_RANGE. */
TROUPE_API troupe_status troupe_array_get(const troupe_doc* doc, const char* path, uint32_t index,
                                          troupe_buffer* json);

/* --- editing: each call is one transaction --- */

/** `attributes` is a JSON object, or null for those in force at the index. */
TROUPE_API troupe_status troupe_text_insert(troupe_doc* doc, const char* path, uint32_t index,
                                            const char* text, size_t size, const char* attributes);
TROUPE_API troupe_status troupe_text_delete(troupe_doc* doc, const char* path, uint32_t index,
                                            uint32_t length);
/** `attributes` is a JSON object; null ends one: {"bold": null}. */
TROUPE_API troupe_status troupe_text_format(troupe_doc* doc, const char* path, uint32_t index,
                                            uint32_t length, const char* attributes);
/** Makes the text this one by small edits, so that cursors in what stays survive. */
TROUPE_API troupe_status troupe_text_set(troupe_doc* doc, const char* path, const char* text,
                                         size_t size);
/** Of a map, or the attributes of an XML element. */
TROUPE_API troupe_status troupe_map_set(troupe_doc* doc, const char* path, const char* key,
                                        const char* json);
/** A key without a value stays without one. */
TROUPE_API troupe_status troupe_map_delete(troupe_doc* doc, const char* path, const char* key);
/** Inserts the elements of a JSON array in front of the element at `index`. */
TROUPE_API troupe_status troupe_array_insert(troupe_doc* doc, const char* path, uint32_t index,
                                             const char* json_array);
TROUPE_API troupe_status troupe_array_delete(troupe_doc* doc, const char* path, uint32_t index,
                                             uint32_t length);
/**
 * Carries out a JSON list of edit operations (docs/backend-api.md), all of them or none, in one
 * transaction. It has what the functions above lack: shared types in shared types, XML, embeds,
 * conditions. `effects` may be null.
 */
TROUPE_API troupe_status troupe_doc_edit(troupe_doc* doc, const char* json,
                                         troupe_effects* effects);

/* --- observing --- */

typedef struct troupe_event {
  size_t struct_size;
  /**
   * JSON, with a NUL behind it: {"local": true, "changes": [{"path": ["notes", 0], "sequence":
   * true, "keys": ["title"]}]}. "sequence" tells that text, elements or formats have changed,
   * "keys" which entries were set or removed. What the change created is not listed by itself.
   */
  const char* changes;
  size_t changes_size;
  /** The change as an update in format v1, for others. */
  const uint8_t* update;
  size_t update_size;
  /** Not 0: made by an edit of this document, not by an update. */
  int is_local;
} troupe_event;

/** Called behind each change, on the thread that made it. It may read, not change, the document. */
typedef void (*troupe_observer)(const troupe_event* event, void* context);

/** `id` may be null. In an observer: takes effect with the next change. */
TROUPE_API troupe_status troupe_doc_observe(troupe_doc* doc, troupe_observer observer,
                                            void* context, uint64_t* id);
/** The observer is not called any more. Fails with TROUPE_NOT_FOUND. */
TROUPE_API troupe_status troupe_doc_unobserve(troupe_doc* doc, uint64_t id);

#ifdef __cplusplus
}
#endif

#endif
