/* message - what the gateway and a worker say to each other. One kind per file in message/.
 *
 *     struct msg_cancel m = { .id = 7 };
 *     TRY(message_encode(&buf, MSG_CANCEL, &m, err));            a whole frame is appended
 *     ...
 *     struct message_any any;
 *     TRY(message_decode(&any, &arena, frame, err));             everything lies in the arena
 *     if (any.kind == MSG_CANCEL) cancel(((struct msg_cancel *)any.body)->id);
 *
 * A frame is {u32 len, u16 kind, u16 version} and `len` bytes of record; little endian. A record is
 * a u8 count and that many {u8 number, u8 type, value}, numbers rising; a field that is zero, false
 * or empty is left out and reads back so. Strings and lists carry a u32 length. Unknown kinds,
 * versions, fields and types, wrong order, bytes left over and anything over the limits of the
 * table are ERR_PROTOCOL, on the sending side too. No pointers, no code. Transport: proto/conn.h.
 *
 * Adding a kind: a number here (never reused), a struct in proto/bodies.h (of what a worker says of
 * itself: bodies_worker.h; of the index: bodies_index.h), and a file message/<name>.c with its
 * field table and `const struct message message_<name>`.
 * Changing a table: raise its `.version`.
 */
#ifndef TIRO_PROTO_MESSAGE_H
#define TIRO_PROTO_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "proto/bodies.h"

#include <stdint.h>

enum message_kind {
    MSG_HELLO = 1,    /* worker -> gateway, first of all */
    MSG_LOAD = 2,     /* gateway -> worker, once */
    MSG_PROGRESS = 3, /* worker -> gateway, while loading */
    MSG_READY = 4,    /* worker -> gateway; instead: MSG_ERROR with id 0, then the end */
    MSG_POLL = 5,     /* gateway -> worker: asks for MSG_STATS */
    MSG_STATS = 6,
    MSG_REQUEST = 7, /* gateway -> worker */
    MSG_CANCEL = 8,  /* gateway -> worker; nothing more is sent for that id once it is handled */
    MSG_COUNTED = 9, /* worker -> gateway: once per admitted request, before its first token */
    MSG_TOKEN = 10,
    MSG_TOOL_DELTA = 11,
    MSG_DONE = 12, /* once per choice; `final` in the request's last */
    MSG_ERROR = 13,
    MSG_SCORE = 14,     /* logprobs of the prompt's tokens (echo, REQUEST_SCORE) */
    MSG_EMBEDDING = 15, /* ends its request */
    MSG_TOKENS = 16,    /* answer to REQUEST_TOKENIZE; ends its request */
    MSG_ARTEFACT = 17,  /* a file made by a job worker; its descriptor comes along */
    MSG_QUIT = 18,      /* gateway -> worker: finish what runs, take nothing new, end */
    MSG_ADAPTER = 19,   /* gateway -> worker, once it is ready; a descriptor comes along */
    MSG_ADAPTED = 20,   /* worker -> gateway: the adapter is there, or why not */
    MSG_INDEX = 21,     /* gateway -> index worker: a change; MSG_INDEXED or MSG_ERROR answers */
    MSG_INDEXED = 22,
    MSG_SEARCH = 23, /* gateway -> index worker; MSG_FOUND or MSG_ERROR answers */
    MSG_FOUND = 24,
};

/* ---- The tables behind it ---- */

enum message_type {
    MT_BOOL = 1,
    MT_U32,
    MT_I32,
    MT_U64,
    MT_F32,
    MT_F64,
    MT_STR,     /* struct slice */
    MT_U32S,    /* uint32_t * and a uint32_t count */
    MT_F32S,    /* float * and a uint32_t count */
    MT_STRS,    /* struct slice * and a uint32_t count */
    MT_RECORD,  /* a struct inside */
    MT_RECORDS, /* a pointer to structs and a uint32_t count */
    MESSAGE_TYPES
};

struct message_field {
    const char *name;
    uint8_t number; /* 1.., rising in a table; never reused */
    uint8_t type;   /* enum message_type */
    uint16_t offset, offset_count;
    uint64_t max;      /* numbers: highest value (0: any); strings: bytes; lists: items */
    uint32_t item_max; /* MT_STRS: bytes of each */
    const struct message_record *record;
};

struct message_record {
    const char *name;
    size_t size;
    const struct message_field *fields; /* ends with name NULL */
};

struct message {
    enum message_kind kind;
    uint16_t version;
    struct message_record record;
};

/* Rows of a table: MSG_FIELD(struct msg_cancel, 1, MT_U64, id, .max = ...). */
#define MSG_FIELD(S, num, T, member, ...)                                                         \
    {                                                                                             \
        .name = #member, .number = (num), .type = (T), .offset = offsetof(S, member), __VA_ARGS__ \
    }
#define MSG_LIST(S, num, T, member, ...)                                              \
    {                                                                                 \
        .name = #member, .number = (num), .type = (T), .offset = offsetof(S, member), \
        .offset_count = offsetof(S, n_##member), __VA_ARGS__                          \
    }
#define MSG_FIELDS_END \
    {                  \
        .name = NULL   \
    }

extern const struct message *const message_registry[];
extern const size_t message_registry_len;

/* NULL: no such kind. */
const struct message *message_find(uint32_t kind);

struct message_any {
    enum message_kind kind;
    void *body; /* struct msg_<kind> in the arena; strings point into the arena too */
};

/* Appends one frame; on failure (ERR_PROTOCOL over a limit, ERR_NO_MEMORY) `out` is unchanged. */
int message_encode(struct buf *out, enum message_kind kind, const void *body,
                   struct err *err) MUST_USE;
/* One whole frame, header included. The arena's cap bounds what it may take (ERR_LIMIT). */
int message_decode(struct message_any *ret, struct arena *a, struct slice frame,
                   struct err *err) MUST_USE;
/* Bytes of the frame that begins `head` (>= MSG_HEADER_BYTES of it): checks length and kind. */
int message_frame_len(size_t *ret, struct slice head, struct err *err) MUST_USE;

#endif
