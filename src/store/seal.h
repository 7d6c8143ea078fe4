/* seal - texts that clients keep for this server: encrypted, and good only where they were made.
 *
 *     TRY(seal_open_key(&key, data_dir, err));
 *     TRY(seal_close(&text, &key, SLICE("what it is"), plain, &arena, err));
 *     ... the client brings it back ...
 *     TRY(seal_open(&plain, &key, SLICE("what it is"), text, &arena, err));
 *
 * The key is drawn once and lies in DATA/seal.key, readable by its owner alone. `context` says what
 * a text is and whose: one of another context does not open. XChaCha20-Poly1305 of libsodium, as
 * URL-safe base64.
 */
#ifndef TIRO_STORE_SEAL_H
#define TIRO_STORE_SEAL_H

#include "base/arena.h"

enum { SEAL_KEY_BYTES = 32, SEAL_TEXT_MAX = 16 << 20 };

struct seal_key {
    unsigned char bytes[SEAL_KEY_BYTES];
};

/* Reads the key, or makes it. */
int seal_open_key(struct seal_key *ret, const char *data_dir, struct err *err) MUST_USE;
int seal_close(struct slice *ret, const struct seal_key *key, struct slice context,
               struct slice plain, struct arena *arena, struct err *err) MUST_USE;
/* -ERR_INVALID_VALUE for what this key and context have not sealed. */
int seal_open(struct slice *ret, const struct seal_key *key, struct slice context,
              struct slice sealed, struct arena *arena, struct err *err) MUST_USE;

#endif
