/* kvcache - who holds which block of a model's keys and values, and what may be shared.
 *
 *     struct kvcache *kv;
 *     TRY(kvcache_open(&kv, &(struct kvcache_options){ .n_blocks = 4096, .n_seqs = 64,
 *                      .blocks_per_seq = 512, .copy = copy, .copy_ctx = store }, err));
 *     struct kv_hash root = kvcache_root(kv, "tenant and whatever else separates");
 *     n = kvcache_begin(kv, seq, root, tokens, n_prompt);     tokens that are there already
 *     TRY(kvcache_reserve(kv, seq, n + chunk));               may copy, may evict
 *     ... forward writes slots n .. n + chunk - 1 ...
 *     kvcache_commit(kv, seq, tokens, n + chunk);             full blocks become findable
 *     kvcache_fork(kv, seq, other);                           shares every block, copy on write
 *     kvcache_drop(kv, seq);
 *     kvcache_close(kv);
 *
 * A block is in one of four states:
 *
 *     free --reserve--> private (1 holder) --commit--> published (findable by its hash)
 *      ^                    | drop                         | last holder drops
 *      +--------------------+------ eviction <----- cached (no holder; the oldest goes first)
 *
 * A pinned block is published and not evicted: it is kept until it was not used for a time, up to a
 * limit of its own, within which no tenant loses a pin to another.
 *
 * The hash of a block is keyed BLAKE2b, 128 bits, over the hash of the block before it and its own
 * tokens; a chain begins at a root, which is the hash of what must not be shared across (tenant,
 * model, KV type, rope settings, adapter). The key is drawn at open, so nobody can aim for a
 * collision, and tenants cannot see each other's prefixes at all.
 *
 * Owner: the scheduler thread. Memory: all of it taken at open. A full cache is ERR_LIMIT with
 * nothing changed. `copy` moves a block's contents in the store (graph/kv.h).
 */
#ifndef TIRO_ENGINE_KVCACHE_H
#define TIRO_ENGINE_KVCACHE_H

#include "base/err.h"
#include "base/slice.h"
#include "graph/batch.h"

#include <stdint.h>

struct kvcache;

struct kv_hash {
    unsigned char bytes[16];
};

struct kvcache_options {
    int32_t n_blocks;
    int32_t n_seqs;         /* Sequences are numbered 0 .. n_seqs - 1 by the caller. */
    int32_t blocks_per_seq; /* Longest block table. */
    int32_t n_pinned_max;   /* Blocks that may be pinned; 0: none. */
    void (*copy)(void *ctx, int32_t to, int32_t from);
    void *copy_ctx;
};

struct kvcache_stats {
    int32_t n_used, n_cached, n_free; /* Blocks; their sum is n_blocks. */
    int32_t n_pinned;                 /* Of the used and the cached ones. */
    uint64_t n_hit_tokens, n_evicted, n_copied;
};

int kvcache_open(struct kvcache **ret, const struct kvcache_options *options,
                 struct err *err) MUST_USE;
void kvcache_close(struct kvcache *kv); /* NULL is fine. */
struct kv_hash kvcache_root(const struct kvcache *kv, struct slice what);

/* Starts `seq`, which must be empty, with every published block that its tokens begin with. At
 * least one token is left to compute. Returns how many tokens are there (a multiple of 16). */
int32_t kvcache_begin(struct kvcache *kv, int32_t seq, struct kv_hash root, const int32_t *tokens,
                      int32_t n_tokens);
/* What kvcache_begin would return. */
int32_t kvcache_find(const struct kvcache *kv, struct kv_hash root, const int32_t *tokens,
                     int32_t n_tokens);
/* Makes slots up to n_slots (in all) writable from the sequence's length on. */
int kvcache_reserve(struct kvcache *kv, int32_t seq, int32_t n_slots) MUST_USE;
/* Blocks that reserve would have to find. */
int32_t kvcache_need(const struct kvcache *kv, int32_t seq, int32_t n_slots);
/* Blocks that could be found: free ones, and cached ones that are not pinned. */
int32_t kvcache_available(const struct kvcache *kv);
/* Slots up to `len` now hold tokens[0 .. len). `len` only grows. */
void kvcache_commit(struct kvcache *kv, int32_t seq, const int32_t *tokens, int32_t len);
/* `child` must be empty. */
void kvcache_fork(struct kvcache *kv, int32_t seq, int32_t child);
/* Forgets slots from `len` on: rejected speculation. */
void kvcache_truncate(struct kvcache *kv, int32_t seq, int32_t len);
void kvcache_drop(struct kvcache *kv, int32_t seq); /* An empty one is fine. */
/* Pins the whole blocks of the sequence's first n_tokens, from the beginning, as far as the limit
 * allows. Returns how many tokens are pinned now. */
int32_t kvcache_pin(struct kvcache *kv, int32_t seq, int32_t n_tokens);
/* Pins of blocks that nobody has used since then end; */
void kvcache_unpin_unused(struct kvcache *kv, uint64_t since_ns);
/* that of the block unused longest ends. False: nothing is pinned that nobody holds. */
bool kvcache_unpin_one(struct kvcache *kv);
/* Forgets everything that no sequence holds, pinned or not. */
void kvcache_flush(struct kvcache *kv);

int32_t kvcache_len(const struct kvcache *kv, int32_t seq);
/* Valid until the next call that changes `seq`. */
const int32_t *kvcache_blocks(const struct kvcache *kv, int32_t seq, int32_t *ret_n);
struct kvcache_stats kvcache_stats(const struct kvcache *kv);
/* Walks everything and asserts what must hold; for tests. */
void kvcache_check(const struct kvcache *kv);

#endif
