#include "engine/kvcache.h"

#include "base/seam.h"

#include <assert.h>
#include <sodium.h>

enum { NONE = -1, KEY_BYTES = 32 };

struct block {
    struct kv_hash hash;
    struct kv_hash pin_root; /* While pinned: of the sequence that asked for it, */
    uint64_t used_ns;        /* and when it was last let go. */
    int32_t refs;
    int32_t bucket_next;        /* Chain of the hash table, while published. */
    int32_t lru_prev, lru_next; /* While without a holder; lru_next also links the free list. */
    bool published, pinned;
};

/* Blocks that nobody holds, by when they were let go. */
struct lru {
    int32_t oldest, newest, n;
};

struct seq {
    int32_t *blocks; /* blocks_per_seq of them */
    int32_t n_blocks, len;
    int32_t n_hashed; /* Leading blocks whose hash is in the chain. */
    struct kv_hash root, chain;
    bool live;
};

struct kvcache {
    struct block *blocks;
    struct seq *seqs;
    int32_t *tables, *buckets;
    int32_t n_blocks, n_seqs, blocks_per_seq, n_buckets;
    int32_t free_head, n_free;
    struct lru cached, kept;        /* kept: pinned ones */
    int32_t n_pinned, n_pinned_max; /* Held ones, too. */
    void (*copy)(void *ctx, int32_t to, int32_t from);
    void *copy_ctx;
    uint64_t n_hit_tokens, n_evicted, n_copied;
    unsigned char key[KEY_BYTES];
};

/* ---- Opening ---- */

static bool alloc_all(struct kvcache *kv)
{
    kv->blocks = mem_calloc((size_t)kv->n_blocks, sizeof *kv->blocks);
    kv->seqs = mem_calloc((size_t)kv->n_seqs, sizeof *kv->seqs);
    kv->tables = mem_calloc((size_t)kv->n_seqs * (size_t)kv->blocks_per_seq, sizeof *kv->tables);
    kv->buckets = mem_calloc((size_t)kv->n_buckets, sizeof *kv->buckets);
    return kv->blocks && kv->seqs && kv->tables && kv->buckets;
}

int kvcache_open(struct kvcache **ret, const struct kvcache_options *o, struct err *err)
{
    assert(o->n_blocks > 0 && o->n_seqs > 0 && o->blocks_per_seq > 0 && o->copy);
    assert(o->n_blocks < 1 << 30);
    struct kvcache *kv = mem_calloc(1, sizeof *kv);
    if (!kv) return err_set(err, ERR_NO_MEMORY, "out of memory for the KV cache's tables");
    kv->n_blocks = o->n_blocks;
    kv->n_pinned_max = o->n_pinned_max;
    kv->n_seqs = o->n_seqs;
    kv->blocks_per_seq = o->blocks_per_seq;
    kv->copy = o->copy;
    kv->copy_ctx = o->copy_ctx;
    kv->n_buckets = 16;
    while (kv->n_buckets < o->n_blocks) kv->n_buckets *= 2;
    if (!alloc_all(kv)) {
        kvcache_close(kv);
        return err_set(err, ERR_NO_MEMORY, "out of memory for the KV cache's tables");
    }
    random_bytes_fill(kv->key, sizeof kv->key);
    for (int32_t i = 0; i < kv->n_buckets; i++) kv->buckets[i] = NONE;
    for (int32_t i = 0; i < kv->n_blocks; i++)
        kv->blocks[i].lru_next = i + 1 < kv->n_blocks ? i + 1 : NONE;
    kv->n_free = kv->n_blocks;
    kv->cached = kv->kept = (struct lru){ NONE, NONE, 0 };
    for (int32_t i = 0; i < kv->n_seqs; i++)
        kv->seqs[i].blocks = kv->tables + (size_t)i * (size_t)kv->blocks_per_seq;
    *ret = kv;
    return 0;
}

void kvcache_close(struct kvcache *kv)
{
    if (!kv) return;
    sodium_memzero(kv->key, sizeof kv->key);
    mem_free(kv->blocks);
    mem_free(kv->seqs);
    mem_free(kv->tables);
    mem_free(kv->buckets);
    mem_free(kv);
}

/* ---- Hashes ---- */

struct kv_hash kvcache_root(const struct kvcache *kv, struct slice what)
{
    struct kv_hash h;
    int r = crypto_generichash(h.bytes, sizeof h.bytes, (const unsigned char *)what.ptr, what.len,
                               kv->key, sizeof kv->key);
    assert(r == 0);
    return h;
}

static struct kv_hash chain_on(const struct kvcache *kv, struct kv_hash before,
                               const int32_t *tokens)
{
    char text[sizeof before.bytes + KV_BLOCK_LEN * sizeof *tokens];
    memcpy(text, before.bytes, sizeof before.bytes);
    memcpy(text + sizeof before.bytes, tokens, KV_BLOCK_LEN * sizeof *tokens);
    return kvcache_root(kv, (struct slice){ text, sizeof text });
}

static int32_t *bucket_of(const struct kvcache *kv, const struct kv_hash *h)
{
    uint32_t x;
    memcpy(&x, h->bytes, sizeof x);
    return &kv->buckets[x & (uint32_t)(kv->n_buckets - 1)];
}

static int32_t find(const struct kvcache *kv, const struct kv_hash *h)
{
    int32_t b = *bucket_of(kv, h);
    while (b != NONE && memcmp(&kv->blocks[b].hash, h, sizeof *h) != 0)
        b = kv->blocks[b].bucket_next;
    return b;
}

static void publish(struct kvcache *kv, int32_t b, const struct kv_hash *h)
{
    assert(!kv->blocks[b].published);
    int32_t *head = bucket_of(kv, h);
    kv->blocks[b].published = true;
    kv->blocks[b].bucket_next = *head;
    *head = b;
}

static void unpublish(struct kvcache *kv, int32_t b)
{
    assert(kv->blocks[b].published);
    int32_t *at = bucket_of(kv, &kv->blocks[b].hash);
    while (*at != b) at = &kv->blocks[*at].bucket_next;
    *at = kv->blocks[b].bucket_next;
    kv->blocks[b].published = false;
}

/* ---- Blocks: free, cached, held ---- */

static struct lru *lru_of(struct kvcache *kv, int32_t b)
{
    return kv->blocks[b].pinned ? &kv->kept : &kv->cached;
}

static void lru_remove(struct kvcache *kv, int32_t b)
{
    struct lru *list = lru_of(kv, b);
    struct block *x = &kv->blocks[b];
    *(x->lru_prev == NONE ? &list->oldest : &kv->blocks[x->lru_prev].lru_next) = x->lru_next;
    *(x->lru_next == NONE ? &list->newest : &kv->blocks[x->lru_next].lru_prev) = x->lru_prev;
    list->n--;
}

static void lru_append(struct kvcache *kv, int32_t b)
{
    struct lru *list = lru_of(kv, b);
    kv->blocks[b].lru_prev = list->newest;
    kv->blocks[b].lru_next = NONE;
    *(list->newest == NONE ? &list->oldest : &kv->blocks[list->newest].lru_next) = b;
    list->newest = b;
    list->n++;
}

static void free_push(struct kvcache *kv, int32_t b)
{
    kv->blocks[b].lru_next = kv->free_head;
    kv->free_head = b;
    kv->n_free++;
}

static void hold(struct kvcache *kv, int32_t b)
{
    if (kv->blocks[b].refs++ == 0) lru_remove(kv, b);
}

static void unhold(struct kvcache *kv, int32_t b)
{
    assert(kv->blocks[b].refs > 0);
    if (--kv->blocks[b].refs > 0) return;
    if (kv->blocks[b].pinned) kv->blocks[b].used_ns = now_ns();
    if (kv->blocks[b].published)
        lru_append(kv, b);
    else
        free_push(kv, b);
}

static void set_pinned(struct kvcache *kv, int32_t b, bool pinned)
{
    bool idle = kv->blocks[b].refs == 0;
    assert(kv->blocks[b].pinned != pinned);
    if (idle) lru_remove(kv, b);
    kv->blocks[b].pinned = pinned;
    kv->n_pinned += pinned ? 1 : -1;
    if (idle) lru_append(kv, b);
}

/* A private block; the caller made sure that there is one. */
static int32_t take(struct kvcache *kv)
{
    if (kv->n_free == 0) {
        int32_t oldest = kv->cached.oldest;
        assert(oldest != NONE);
        lru_remove(kv, oldest);
        unpublish(kv, oldest);
        free_push(kv, oldest);
        kv->n_evicted++;
    }
    int32_t b = kv->free_head;
    kv->free_head = kv->blocks[b].lru_next;
    kv->n_free--;
    kv->blocks[b].refs = 1;
    return b;
}

/* ---- Sequences ---- */

static struct seq *seq_at(const struct kvcache *kv, int32_t seq)
{
    assert(seq >= 0 && seq < kv->n_seqs);
    return &kv->seqs[seq];
}

static int32_t blocks_for(int32_t n_slots)
{
    return n_slots / KV_BLOCK_LEN + (n_slots % KV_BLOCK_LEN != 0);
}

int32_t kvcache_begin(struct kvcache *kv, int32_t seq, struct kv_hash root, const int32_t *tokens,
                      int32_t n_tokens)
{
    struct seq *s = seq_at(kv, seq);
    assert(!s->live && n_tokens > 0);
    s->live = true;
    s->n_blocks = s->len = s->n_hashed = 0;
    s->root = s->chain = root;
    int32_t n_whole = (n_tokens - 1) / KV_BLOCK_LEN;
    while (s->n_blocks < n_whole && s->n_blocks < kv->blocks_per_seq) {
        struct kv_hash h = chain_on(kv, s->chain, tokens + s->len);
        int32_t b = find(kv, &h);
        if (b == NONE) break;
        hold(kv, b);
        s->blocks[s->n_blocks++] = b;
        s->len += KV_BLOCK_LEN;
        s->n_hashed++;
        s->chain = h;
    }
    kv->n_hit_tokens += (uint64_t)s->len;
    return s->len;
}

int32_t kvcache_find(const struct kvcache *kv, struct kv_hash root, const int32_t *tokens,
                     int32_t n_tokens)
{
    int32_t len = 0;
    while (len + KV_BLOCK_LEN < n_tokens && len / KV_BLOCK_LEN < kv->blocks_per_seq) {
        root = chain_on(kv, root, tokens + len);
        if (find(kv, &root) == NONE) break;
        len += KV_BLOCK_LEN;
    }
    return len;
}

/* Whether the block that the next slot lies in is shared with another sequence. */
static bool must_copy(const struct kvcache *kv, const struct seq *s)
{
    return s->len % KV_BLOCK_LEN != 0 && kv->blocks[s->blocks[s->len / KV_BLOCK_LEN]].refs > 1;
}

int32_t kvcache_need(const struct kvcache *kv, int32_t seq, int32_t n_slots)
{
    const struct seq *s = seq_at(kv, seq);
    if (n_slots <= s->len) return 0;
    int32_t grow = blocks_for(n_slots) - s->n_blocks;
    return (grow > 0 ? grow : 0) + must_copy(kv, s);
}

int32_t kvcache_available(const struct kvcache *kv)
{
    return kv->n_free + kv->cached.n;
}

int kvcache_reserve(struct kvcache *kv, int32_t seq, int32_t n_slots)
{
    struct seq *s = seq_at(kv, seq);
    assert(s->live && n_slots >= s->len);
    if (blocks_for(n_slots) > kv->blocks_per_seq) return -ERR_LIMIT;
    if (kvcache_need(kv, seq, n_slots) > kvcache_available(kv)) return -ERR_LIMIT;
    if (n_slots == s->len) return 0;
    if (s->len % KV_BLOCK_LEN != 0) {
        int32_t *at = &s->blocks[s->len / KV_BLOCK_LEN];
        if (must_copy(kv, s)) {
            int32_t own = take(kv);
            kv->copy(kv->copy_ctx, own, *at);
            unhold(kv, *at);
            *at = own;
            kv->n_copied++;
        } else if (kv->blocks[*at].published) {
            if (kv->blocks[*at].pinned) set_pinned(kv, *at, false);
            unpublish(kv, *at); /* Truncated into: its contents are about to change. */
        }
    }
    while (s->n_blocks < blocks_for(n_slots)) s->blocks[s->n_blocks++] = take(kv);
    return 0;
}

void kvcache_commit(struct kvcache *kv, int32_t seq, const int32_t *tokens, int32_t len)
{
    struct seq *s = seq_at(kv, seq);
    assert(s->live && len >= s->len && blocks_for(len) <= s->n_blocks);
    s->len = len;
    while ((s->n_hashed + 1) * KV_BLOCK_LEN <= len) {
        struct kv_hash h = chain_on(kv, s->chain, tokens + s->n_hashed * KV_BLOCK_LEN);
        int32_t b = s->blocks[s->n_hashed];
        kv->blocks[b].hash = h; /* Of a shared block: the same again. */
        /* Someone may have computed the same block meanwhile: the first stays findable. */
        if (!kv->blocks[b].published && find(kv, &h) == NONE) publish(kv, b, &h);
        s->chain = h;
        s->n_hashed++;
    }
}

void kvcache_fork(struct kvcache *kv, int32_t seq, int32_t child)
{
    struct seq *s = seq_at(kv, seq), *c = seq_at(kv, child);
    assert(s->live && !c->live);
    int32_t *blocks = c->blocks;
    *c = *s;
    c->blocks = blocks;
    c->n_blocks = blocks_for(s->len); /* Not what was reserved beyond. */
    memcpy(c->blocks, s->blocks, (size_t)c->n_blocks * sizeof *c->blocks);
    for (int32_t i = 0; i < c->n_blocks; i++) hold(kv, c->blocks[i]);
}

void kvcache_truncate(struct kvcache *kv, int32_t seq, int32_t len)
{
    struct seq *s = seq_at(kv, seq);
    assert(s->live && len >= 0 && len <= s->len);
    while (s->n_blocks > blocks_for(len)) unhold(kv, s->blocks[--s->n_blocks]);
    s->len = len;
    if (s->n_hashed <= len / KV_BLOCK_LEN) return;
    s->n_hashed = len / KV_BLOCK_LEN;
    s->chain = s->n_hashed ? kv->blocks[s->blocks[s->n_hashed - 1]].hash : s->root;
}

void kvcache_drop(struct kvcache *kv, int32_t seq)
{
    struct seq *s = seq_at(kv, seq);
    /* Last block first: the end of a prefix is evicted before its beginning. */
    while (s->n_blocks > 0) unhold(kv, s->blocks[--s->n_blocks]);
    s->len = s->n_hashed = 0;
    s->live = false;
}

void kvcache_flush(struct kvcache *kv)
{
    while (kvcache_unpin_one(kv)) continue;
    while (kv->cached.oldest != NONE) {
        int32_t b = kv->cached.oldest;
        lru_remove(kv, b);
        unpublish(kv, b);
        free_push(kv, b);
    }
}

/* ---- Pins ---- */

bool kvcache_unpin_one(struct kvcache *kv)
{
    if (kv->kept.oldest == NONE) return false;
    set_pinned(kv, kv->kept.oldest, false);
    return true;
}

void kvcache_unpin_unused(struct kvcache *kv, uint64_t since_ns)
{
    while (kv->kept.oldest != NONE && kv->blocks[kv->kept.oldest].used_ns < since_ns)
        set_pinned(kv, kv->kept.oldest, false);
}

/* At the limit the longest unused pin of the same root gives way: none of another tenant's. */
static bool may_pin(struct kvcache *kv, const struct kv_hash *root)
{
    if (kv->n_pinned < kv->n_pinned_max) return true;
    for (int32_t b = kv->kept.oldest; b != NONE; b = kv->blocks[b].lru_next) {
        if (memcmp(&kv->blocks[b].pin_root, root, sizeof *root) != 0) continue;
        set_pinned(kv, b, false);
        return true;
    }
    return false;
}

int32_t kvcache_pin(struct kvcache *kv, int32_t seq, int32_t n_tokens)
{
    struct seq *s = seq_at(kv, seq);
    int32_t i = 0;
    assert(s->live && n_tokens >= 0);
    for (; i < s->n_hashed && (i + 1) * KV_BLOCK_LEN <= n_tokens; i++) {
        int32_t b = find(kv, &kv->blocks[s->blocks[i]].hash); /* Perhaps another one's twin. */
        if (b == NONE) break;
        if (kv->blocks[b].pinned) continue;
        if (!may_pin(kv, &s->root)) break;
        set_pinned(kv, b, true);
        kv->blocks[b].pin_root = s->root;
        kv->blocks[b].used_ns = now_ns();
    }
    return i * KV_BLOCK_LEN;
}

int32_t kvcache_len(const struct kvcache *kv, int32_t seq)
{
    return seq_at(kv, seq)->len;
}

const int32_t *kvcache_blocks(const struct kvcache *kv, int32_t seq, int32_t *ret_n)
{
    const struct seq *s = seq_at(kv, seq);
    *ret_n = s->n_blocks;
    return s->blocks;
}

struct kvcache_stats kvcache_stats(const struct kvcache *kv)
{
    return (struct kvcache_stats){
        .n_used = kv->n_blocks - kv->n_free - kv->cached.n - kv->kept.n,
        .n_cached = kv->cached.n + kv->kept.n,
        .n_pinned = kv->n_pinned,
        .n_free = kv->n_free,
        .n_hit_tokens = kv->n_hit_tokens,
        .n_evicted = kv->n_evicted,
        .n_copied = kv->n_copied,
    };
}

static int32_t check_lru(const struct kvcache *kv, const struct lru *list, bool pinned)
{
    int32_t n = 0;
    for (int32_t b = list->oldest; b != NONE; b = kv->blocks[b].lru_next, n++) {
        assert(kv->blocks[b].refs == 0 && kv->blocks[b].published);
        assert(kv->blocks[b].pinned == pinned);
    }
    assert(n == list->n);
    return n;
}

void kvcache_check(const struct kvcache *kv)
{
    int32_t n_held = 0, n_pinned = 0, n_free = 0;
    for (int32_t b = 0; b < kv->n_blocks; b++) {
        int32_t refs = 0;
        for (int32_t s = 0; s < kv->n_seqs; s++)
            for (int32_t i = 0; i < kv->seqs[s].n_blocks; i++) refs += kv->seqs[s].blocks[i] == b;
        assert(refs == kv->blocks[b].refs);
        if (kv->blocks[b].published) assert(find(kv, &kv->blocks[b].hash) == b);
        assert(kv->blocks[b].published || !kv->blocks[b].pinned);
        n_held += refs > 0;
        n_pinned += kv->blocks[b].pinned;
    }
    int32_t n_idle = check_lru(kv, &kv->cached, false) + check_lru(kv, &kv->kept, true);
    for (int32_t b = kv->free_head, i = 0; i < kv->n_free;
         b = kv->blocks[b].lru_next, i++, n_free++)
        assert(kv->blocks[b].refs == 0 && !kv->blocks[b].published);
    assert(n_pinned == kv->n_pinned && n_pinned <= kv->n_pinned_max && n_free == kv->n_free);
    assert(n_held + n_idle + n_free == kv->n_blocks);
}
