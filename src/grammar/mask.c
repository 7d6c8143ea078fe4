#include "grammar/mask.h"

#include "base/seam.h"
#include "grammar/vocabulary_trie.h"

#include <assert.h>
#include <stdatomic.h>

enum {
    SLOTS_FIRST = 64,
    CROWDED = GRAMMAR_LIVE_MAX / 4 * 3, /* States from which a trim is worth it, */
    NEW_STATES = GRAMMAR_LIVE_MAX / 8,  /* if so many came since the last. */
};

struct mask {
    atomic_int refs; /* The table's, and those who are reading it. */
    uint64_t serial; /* Of the vocabulary. */
    int32_t state;
    struct mask_facts facts;
    const uint32_t *base;   /* (n_words) the vocabulary's, or `own`; NULL: no token */
    int32_t n_words, n_own; /* n_words: of the vocabulary */
    int32_t n_extra;        /* own[0 .. n_extra) are tokens beside `base`, ascending. */
    uint32_t own[];         /* (n_own) */
};

struct masks {
    struct grammar_extra base; /* Closed with the grammar, */
    struct grammar *grammar;   /* which has it. */
    struct masks_user *users;
    size_t n_users;
    struct mask **slots; /* (n_slots) by hash; owned */
    size_t n_slots, n_masks, bytes;
    const struct mask *last_large; /* Of the table: a bitmap of its own; NULL: there is none. */
    int32_t n_left;                /* States after the last trim. */
    /* For the one that is being found: its tokens but those of a bitmap of plain ones. Also all of
     * it where there is no memory to keep it. */
    struct mask *spare;
    int32_t n_spare; /* Words of its bitmap. */
};

/* ---- Kept masks ---- */

static size_t mask_bytes(const struct mask *mask)
{
    return sizeof *mask + (size_t)mask->n_own * sizeof mask->own[0];
}

static void mask_unref(struct mask *mask)
{
    if (atomic_fetch_sub(&mask->refs, 1) == 1) mem_free(mask);
}

static size_t slot_of(const struct masks *m, uint64_t serial, int32_t state)
{
    uint64_t h = (serial << 32 ^ (uint32_t)state) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(h >> 32) & (m->n_slots - 1);
    while (m->slots[at] && (m->slots[at]->serial != serial || m->slots[at]->state != state))
        at = (at + 1) & (m->n_slots - 1);
    return at;
}

static void forget(struct masks *m)
{
    for (size_t i = 0; i < m->n_slots; i++)
        if (m->slots[i]) mask_unref(m->slots[i]);
    if (m->n_slots > 0) memset(m->slots, 0, m->n_slots * sizeof *m->slots);
    m->n_masks = m->bytes = 0;
    m->last_large = NULL;
}

static bool grow(struct masks *m)
{
    size_t n = m->n_slots, twice = n ? n * 2 : SLOTS_FIRST;
    struct mask **old = m->slots, **slots = mem_calloc(twice, sizeof(struct mask *));
    if (!slots) return false;
    m->slots = slots;
    m->n_slots = twice;
    for (size_t i = 0; i < n; i++)
        if (old[i]) slots[slot_of(m, old[i]->serial, old[i]->state)] = old[i];
    mem_free(old);
    return true;
}

/* Takes the mask, if there is room. */
static bool keep(struct masks *m, struct mask *mask)
{
    size_t bytes = mask_bytes(mask);
    if (m->bytes + bytes > GRAMMAR_MASKS_BYTES_MAX) forget(m);
    if (bytes > GRAMMAR_MASKS_BYTES_MAX) return false;
    if (m->n_masks * 2 >= m->n_slots && !grow(m)) return false;
    m->slots[slot_of(m, mask->serial, mask->state)] = mask;
    m->n_masks++;
    m->bytes += bytes;
    if (mask->base == mask->own) m->last_large = mask;
    return true;
}

/* ---- Room in the grammar ---- */

/* Forgets states and, as they are known by those, masks; true if anything was. */
static bool make_room(struct masks *m)
{
    int32_t n_states = grammar_n_states(m->grammar);
    if (n_states <= CROWDED || n_states - m->n_left < NEW_STATES) return false;
    int32_t **lists = mem_calloc(m->n_users, sizeof(int32_t *));
    size_t *sizes = mem_calloc(m->n_users, sizeof *sizes), n = 0;
    for (struct masks_user *u = m->users; lists && sizes && u; u = u->next) {
        lists[n] = u->states;
        sizes[n++] = u->n_states;
    }
    bool done = n > 0 && grammar_trim(m->grammar, lists, sizes, n) == 0;
    mem_free(lists);
    mem_free(sizes);
    if (!done) return false;
    m->n_left = grammar_n_states(m->grammar);
    forget(m);
    return true;
}

int32_t masks_step(struct masks *m, int32_t *state, struct slice bytes, bool control)
{
    for (int attempt = 0;; attempt++) {
        int32_t at = *state;
        if (control) at = grammar_step(m->grammar, at, GRAMMAR_TOKEN_BYTE);
        for (size_t i = 0; at >= 0 && i < bytes.len; i++)
            at = grammar_step(m->grammar, at, (uint8_t)bytes.ptr[i]);
        if (at != GRAMMAR_FULL) return at;
        if (attempt > 0 || !make_room(m)) return GRAMMAR_DEAD;
    }
}

/* ---- Finding one ---- */

/* Sets the bits of the tokens that may come, of the trie's nodes from `from` to `to`: whole trees.
 * False: some may be missing. */
static bool walk(struct grammar *g, const struct trie *t, int32_t from, int32_t to, int32_t state,
                 uint32_t *bits)
{
    int32_t states[TRIE_DEPTH_MAX + 1];
    bool whole = true;
    states[0] = state;
    for (int32_t i = from; i < to;) {
        const struct trie_node *n = &t->nodes[i];
        int32_t next = grammar_step(g, states[n->depth - 1], n->byte);
        if (next < 0) {
            if (next == GRAMMAR_FULL) whole = false;
            i = n->skip;
            continue;
        }
        states[n->depth] = next;
        for (int32_t k = n->first; k < n[1].first; k++)
            bits[t->tokens[k] / 32] |= UINT32_C(1) << (t->tokens[k] % 32);
        i++;
    }
    return whole;
}

static int32_t tokens_below(const struct trie *t, int32_t node)
{
    return t->nodes[t->nodes[node].skip].first - t->nodes[node].first;
}

/* Whether this first byte leads to where it leads from the other state, too. */
static bool leads_alike(struct grammar *g, int32_t state, int32_t other, uint8_t byte)
{
    int32_t next = grammar_step(g, state, byte);
    return next != GRAMMAR_FULL && next == grammar_step(g, other, byte);
}

/* Whether the masks of two states agree in most of the tokens, by the first bytes. */
static bool is_alike(struct grammar *g, const struct trie *t, int32_t state, int32_t other)
{
    int32_t n = 0;
    for (int32_t i = 0; i < t->n_nodes; i = t->nodes[i].skip)
        if (leads_alike(g, state, other, t->nodes[i].byte)) n += tokens_below(t, i);
    return n > t->n_tokens / 2;
}

/* As walk does of the whole trie, from the mask of a state that is alike. */
static bool walk_beside(struct grammar *g, const struct trie *t, int32_t state,
                        const struct mask *known, uint32_t *bits)
{
    bool whole = true;
    memcpy(bits, known->base, (size_t)known->n_words * sizeof *bits);
    for (int32_t i = 0; i < t->n_nodes; i = t->nodes[i].skip) {
        int32_t from = t->nodes[i].first;
        if (leads_alike(g, state, known->state, t->nodes[i].byte)) continue;
        for (int32_t k = 0; k < tokens_below(t, i); k++)
            bits[t->tokens[from + k] / 32] &= ~(UINT32_C(1) << (t->tokens[from + k] % 32));
        if (!walk(g, t, i, t->nodes[i].skip, state, bits)) whole = false;
    }
    return whole;
}

static bool walk_all(const struct masks *m, const struct vocabulary *v, int32_t state,
                     uint32_t *bits)
{
    const struct trie *t = &v->all;
    const struct mask *known = m->last_large;
    if (known && known->serial == v->serial && is_alike(m->grammar, t, state, known->state))
        return walk_beside(m->grammar, t, state, known, bits);
    return walk(m->grammar, t, 0, t->n_nodes, state, bits);
}

static int32_t count(const uint32_t *bits, int32_t n_words)
{
    int32_t n = 0;
    for (int32_t i = 0; i < n_words; i++) n += __builtin_popcount(bits[i]);
    return n;
}

/* The first token of the bitmap from `from` on; n_words * 32: none. */
static int32_t next_bit(const uint32_t *bits, int32_t n_words, int32_t from)
{
    for (int32_t i = from / 32; i < n_words; i++) {
        uint32_t word = bits[i];
        if (i == from / 32) word &= UINT32_MAX << (from % 32);
        if (word) return i * 32 + __builtin_ctz(word);
    }
    return n_words * 32;
}

/* Fills `spare` with what is beside *ret_base; false: something may be missing. */
static bool compute(struct masks *m, const struct vocabulary *v, int32_t *state,
                    const uint32_t **ret_base)
{
    struct mask *s = m->spare;
    int32_t n_plain, n_wide;
    bool whole;
    for (int attempt = 0;; attempt++) {
        struct grammar_plain room = grammar_plain(m->grammar, *state);
        bool plain = room.exact || vocabulary_plain_all(v, room.n);
        memset(s->own, 0, (size_t)m->n_spare * sizeof s->own[0]);
        n_plain = n_wide = 0;
        *ret_base = plain ? vocabulary_plain(v, room.n, &n_plain, &n_wide) : NULL;
        whole = plain ? walk(m->grammar, &v->rest, 0, v->rest.n_nodes, *state, s->own)
                      : walk_all(m, v, *state, s->own);
        if (whole || attempt > 0 || !make_room(m)) break;
    }
    for (int32_t i = 0; i < n_wide; i++)
        s->own[v->wide[i].token / 32] |= UINT32_C(1) << (v->wide[i].token % 32);
    s->serial = v->serial;
    s->state = *state;
    s->n_words = v->n_words;
    s->n_extra = count(s->own, v->n_words);
    s->facts = (struct mask_facts){ .n = n_plain + s->n_extra, .only = -1 };
    s->facts.accepts = grammar_accepts(m->grammar, *state);
    if (s->facts.n == 1) s->facts.only = next_bit(n_plain ? *ret_base : s->own, v->n_words, 0);
    return whole;
}

static void add_base(uint32_t *bits, const uint32_t *base, int32_t n_words)
{
    for (int32_t i = 0; base && i < n_words; i++) bits[i] |= base[i];
}

/* What compute has found, as its own mask; NULL: no memory. */
static struct mask *as_kept(const struct mask *s, const uint32_t *base)
{
    bool list = s->n_extra <= s->n_words;
    int32_t n_own = list ? s->n_extra : s->n_words;
    struct mask *mask = mem_alloc(sizeof *mask + (size_t)n_own * sizeof mask->own[0]);
    if (!mask) return NULL;
    memcpy(mask, s, sizeof *mask);
    atomic_init(&mask->refs, 1);
    mask->n_own = n_own;
    if (list) {
        mask->base = base;
        int32_t token = 0;
        for (int32_t i = 0; i < n_own; i++, token++) {
            token = next_bit(s->own, s->n_words, token);
            mask->own[i] = (uint32_t)token;
        }
    } else {
        mask->base = mask->own;
        mask->n_extra = 0;
        memcpy(mask->own, s->own, (size_t)n_own * sizeof mask->own[0]);
        add_base(mask->own, base, n_own);
    }
    return mask;
}

/* Under the lock. The answer lies in the table, or it is `spare`. */
static struct mask *find(struct masks *m, const struct vocabulary *v, int32_t *state)
{
    (void)make_room(m); /* As far as it is due. */
    if (m->n_slots > 0) {
        struct mask *known = m->slots[slot_of(m, v->serial, *state)];
        if (known) return known;
    }
    const uint32_t *base;
    struct mask *mask = compute(m, v, state, &base) ? as_kept(m->spare, base) : NULL;
    if (mask && keep(m, mask)) return mask;
    if (mask) mask_unref(mask);
    add_base(m->spare->own, base, v->n_words);
    m->spare->base = m->spare->own;
    m->spare->n_extra = 0;
    return m->spare;
}

/* ---- Using one ---- */

static uint32_t word_of(const struct mask *mask, int32_t i)
{
    return mask->base && i < mask->n_words ? mask->base[i] : 0;
}

static void clear_words(const struct mask *mask, uint32_t *bits, int32_t from, int32_t to)
{
    int32_t known = mask->base ? mask->n_words : 0;
    int32_t i = from;
    for (; i < to && i < known; i++) bits[i] &= mask->base[i];
    for (; i < to; i++) bits[i] = 0;
}

static void clear_bits(const struct mask *mask, uint32_t *bits, int32_t n_vocab)
{
    int32_t n_words = (n_vocab + 31) / 32;
    for (int32_t at = 0, i = 0; at < n_words; at++) {
        int32_t stop = i < mask->n_extra ? (int32_t)(mask->own[i] / 32) : n_words;
        if (stop > n_words) stop = n_words;
        clear_words(mask, bits, at, stop);
        at = stop;
        if (at == n_words) break;
        uint32_t word = word_of(mask, at);
        for (; i < mask->n_extra && (int32_t)(mask->own[i] / 32) == at; i++)
            word |= UINT32_C(1) << (mask->own[i] % 32);
        bits[at] &= word;
    }
}

struct mask_facts masks_apply(struct masks *m, const struct vocabulary *v, int32_t *state,
                              uint32_t *bits, int32_t n_vocab)
{
    grammar_lock(m->grammar);
    struct mask *mask = find(m, v, state);
    struct mask_facts facts = mask->facts;
    bool kept = mask != m->spare;
    if (kept)
        atomic_fetch_add(&mask->refs, 1);
    else
        clear_bits(mask, bits, n_vocab);
    grammar_unlock(m->grammar);
    if (kept) {
        clear_bits(mask, bits, n_vocab); /* A large one takes a while. */
        mask_unref(mask);
    }
    return facts;
}

struct mask_facts masks_facts(struct masks *m, const struct vocabulary *v, int32_t *state)
{
    grammar_lock(m->grammar);
    struct mask_facts facts = find(m, v, state)->facts;
    grammar_unlock(m->grammar);
    return facts;
}

/* ---- Users ---- */

static void close_masks(struct grammar_extra *extra)
{
    struct masks *m = (struct masks *)extra;
    assert(!m->users);
    forget(m);
    mem_free(m->slots);
    mem_free(m->spare);
    mem_free(m);
}

static int reserve(struct masks *m, int32_t n_words)
{
    if (n_words <= m->n_spare) return 0;
    struct mask *spare = mem_calloc(1, sizeof *spare + (size_t)n_words * sizeof spare->own[0]);
    if (!spare) return -ERR_NO_MEMORY;
    mem_free(m->spare);
    m->spare = spare;
    m->n_spare = n_words;
    return 0;
}

/* The grammar's masks, made where it has none. */
static int masks_of(struct masks **ret, struct grammar *g, const struct vocabulary *v)
{
    struct masks *m = (struct masks *)grammar_extra(g);
    if (!m) {
        m = mem_calloc(1, sizeof *m);
        if (!m) return -ERR_NO_MEMORY;
        m->base.close = close_masks;
        m->grammar = g;
        grammar_set_extra(g, &m->base);
    }
    *ret = m;
    return reserve(m, v->n_words);
}

int masks_join(struct masks **ret, struct grammar *g, const struct vocabulary *v,
               struct masks_user *user, struct err *err)
{
    struct masks *m;
    grammar_lock(g);
    int rc = masks_of(&m, g, v);
    if (rc == 0) {
        user->prev = NULL;
        user->next = m->users;
        if (m->users) m->users->prev = user;
        m->users = user;
        m->n_users++;
    }
    grammar_unlock(g);
    if (rc < 0) return err_set(err, ERR_NO_MEMORY, "no memory for the masks of a grammar");
    (void)grammar_ref(g);
    *ret = m;
    return 0;
}

void masks_leave(struct masks *m, struct masks_user *user)
{
    struct grammar *g = m->grammar;
    grammar_lock(g);
    if (user->prev)
        user->prev->next = user->next;
    else
        m->users = user->next;
    if (user->next) user->next->prev = user->prev;
    m->n_users--;
    grammar_unlock(g);
    grammar_unref(g);
}

size_t masks_bytes(struct grammar *g)
{
    const struct masks *m = (const struct masks *)grammar_extra(g);
    if (!m) return 0;
    return sizeof *m + m->bytes + m->n_slots * sizeof *m->slots +
           (size_t)m->n_spare * sizeof m->spare->own[0];
}
