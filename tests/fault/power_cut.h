/* power_cut - what a simulated disk (fault/disk.h) may hold after the power went between two of its
 * recorded operations.
 *
 * What was synced is there. Of the rest each sector has, by itself, any of the states it went
 * through, so writes are dropped and reordered; the one being written may be torn, or garbage. A
 * file has any of its lengths; one that was not cut off shows nothing of what was written into it
 * after that (file systems give it other blocks). Each change of a name happened or not.
 *
 *     struct power_cut cut;
 *     power_cut_begin(&cut, &image_before);
 *     for (size_t k = 0; k <= n_ops; k++) {
 *         power_cut_to(&cut, ops, k);
 *         power_cut_image(&after, &cut, ops, POWER_CUT_TORN, seed);
 */
#ifndef TIRO_TESTS_FAULT_POWER_CUT_H
#define TIRO_TESTS_FAULT_POWER_CUT_H

#include "fault/disk_image.h"

#include <stdbool.h>
#include <stdint.h>

enum { POWER_CUT_PENDING_MAX = 8192, POWER_CUT_SECTOR = 4096 };

enum power_cut_mode {
    POWER_CUT_NOTHING,    /* of what was not synced is there */
    POWER_CUT_EVERYTHING, /* happened to be written */
    POWER_CUT_SOME,       /* any of it, sector by sector */
    POWER_CUT_TORN,       /* and what was being written is torn */
};

struct power_cut {
    struct disk_image lasting;
    size_t at;                                        /* operations taken in */
    size_t pending[POWER_CUT_PENDING_MAX], n_pending; /* those not synced, in order */
};

/* ---- Dice ---- */

static inline uint64_t power_cut_hash(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t x = a * 0x9e3779b97f4a7c15u + b * 0xbf58476d1ce4e5b9u + c * 0x94d049bb133111ebu;
    x ^= x >> 31, x *= 0x7fb5d329728ea185u;
    x ^= x >> 27, x *= 0x81dadef4bc2dd44du;
    return x ^ x >> 33;
}

/* ---- One file ---- */

struct power_cut_file {
    const struct disk_op *ops[POWER_CUT_PENDING_MAX];
    size_t n, n_happened, n_shown; /* to its length; those whose bytes may be there */
    uint64_t seed;
    enum power_cut_mode mode;
};

static inline size_t power_cut_throw(const struct power_cut_file *f, size_t a, uint64_t b)
{
    if (f->mode == POWER_CUT_NOTHING) return 0;
    if (f->mode == POWER_CUT_EVERYTHING) return f->n;
    return power_cut_hash(f->seed, a, b) % (f->n + 1);
}

/* How many of the file's pending operations its sector has seen. */
static inline size_t power_cut_seen(const struct power_cut_file *f, size_t sector)
{
    size_t seen = power_cut_throw(f, sector, 1);
    return seen < f->n_shown ? seen : f->n_shown;
}

/* The part of a write that lies in a sector, of which the last one may be cut short or garbled. */
static inline void power_cut_put(struct disk_bytes *b, const struct power_cut_file *f, size_t i,
                                 size_t sector)
{
    const struct disk_op *op = f->ops[i];
    size_t from = sector * POWER_CUT_SECTOR, to = from + POWER_CUT_SECTOR, seen;
    if (from < op->at) from = op->at;
    if (to > op->at + op->len) to = op->at + op->len;
    seen = power_cut_seen(f, sector);
    if (i > seen) return;
    if (i < seen) {
        disk_put(b, from, op->bytes + (from - op->at), to - from);
        return;
    }
    if (f->mode != POWER_CUT_TORN) return;
    uint64_t dice = power_cut_hash(f->seed, sector, 2);
    if (dice % 4 == 0) { /* In whole: a disk may write no less than a sector. */
        size_t start = sector * POWER_CUT_SECTOR, end = start + POWER_CUT_SECTOR;
        if (end > b->len) end = b->len > to ? b->len : to;
        disk_put(b, from, op->bytes + (from - op->at), to - from);
        for (size_t at = start; at < end; at++) b->ptr[at] = (char)power_cut_hash(dice, at, 3);
    } else if (dice % 4 == 1) {
        size_t cut = from + (dice >> 8) % (to - from + 1);
        if (dice >> 60 & 1) cut = cut / 512 * 512;
        if (cut > from) disk_put(b, from, op->bytes + (from - op->at), cut - from);
    }
}

/* The length after those operations on it that happened. */
static inline size_t power_cut_len(struct power_cut_file *f, size_t len)
{
    size_t happened = power_cut_throw(f, 0, 4), i = 0;
    for (; i < happened; i++) {
        const struct disk_op *op = f->ops[i];
        if (op->change == DISK_CUT) len = op->len;
        if (op->change == DISK_WROTE && op->at + op->len > len) len = op->at + op->len;
    }
    while (i < f->n && f->ops[i]->change != DISK_CUT) i++;
    f->n_happened = happened;
    f->n_shown = i;
    return len;
}

static inline void power_cut_settle(struct disk_bytes *b, struct power_cut_file *f)
{
    size_t len = power_cut_len(f, b->len);
    for (size_t i = 0; i < f->n; i++) {
        const struct disk_op *op = f->ops[i];
        if (op->change == DISK_CUT && i < f->n_happened) disk_set_len(b, op->len);
        if (op->change != DISK_WROTE || op->len == 0) continue;
        for (size_t s = op->at / POWER_CUT_SECTOR; s <= (op->at + op->len - 1) / POWER_CUT_SECTOR;
             s++)
            power_cut_put(b, f, i, s);
    }
    disk_set_len(b, len);
}

/* ---- All of it ---- */

static inline bool power_cut_is_name(const struct disk_op *op)
{
    return op->change == DISK_MADE || op->change == DISK_REMOVED || op->change == DISK_RENAMED;
}

/* The pending operations on a file's bytes; forgotten as pending where `take`. */
static inline void power_cut_collect(struct power_cut_file *f, struct power_cut *cut,
                                     const struct disk_op *ops, int file, bool take)
{
    size_t kept = 0, n = cut->n_pending;
    f->n = 0;
    for (size_t i = 0; i < n; i++) {
        const struct disk_op *op = &ops[cut->pending[i]];
        bool is_its = op->file == file && !power_cut_is_name(op);
        if (is_its) f->ops[f->n++] = op;
        if (!is_its || !take) cut->pending[kept++] = cut->pending[i];
    }
    cut->n_pending = kept;
}

static inline void power_cut_sync_names(struct power_cut *cut, const struct disk_op *ops)
{
    size_t kept = 0;
    for (size_t i = 0; i < cut->n_pending; i++) {
        const struct disk_op *op = &ops[cut->pending[i]];
        if (power_cut_is_name(op)) {
            disk_name_change(&cut->lasting, op);
        } else {
            cut->pending[kept++] = cut->pending[i];
        }
    }
    cut->n_pending = kept;
}

static inline void power_cut_begin(struct power_cut *cut, const struct disk_image *start)
{
    cut->at = cut->n_pending = 0;
    disk_image_copy(&cut->lasting, start);
}

/* Before operation `k`, which is not smaller than the one before. */
static inline void power_cut_to(struct power_cut *cut, const struct disk_op *ops, size_t k)
{
    static struct power_cut_file f;
    for (; cut->at < k; cut->at++) {
        const struct disk_op *op = &ops[cut->at];
        if (op->file >= cut->lasting.n_files) cut->lasting.n_files = op->file + 1;
        bool syncs = op->change == DISK_SYNCED, loses = op->change == DISK_LOST;
        if (!syncs && !loses) {
            assert(cut->n_pending < POWER_CUT_PENDING_MAX);
            cut->pending[cut->n_pending++] = cut->at;
        } else if (op->file == DISK_FOLDER) {
            if (syncs) power_cut_sync_names(cut, ops);
        } else {
            power_cut_collect(&f, cut, ops, op->file, true);
            f.mode = syncs ? POWER_CUT_EVERYTHING : POWER_CUT_SOME;
            f.seed = cut->at;
            power_cut_settle(&cut->lasting.files[op->file], &f);
        }
    }
}

static inline void power_cut_image(struct disk_image *ret, struct power_cut *cut,
                                   const struct disk_op *ops, enum power_cut_mode mode,
                                   uint64_t seed)
{
    static struct power_cut_file f;
    disk_image_copy(ret, &cut->lasting);
    for (int file = 0; file < ret->n_files; file++) {
        power_cut_collect(&f, cut, ops, file, false);
        f.mode = mode;
        f.seed = power_cut_hash(seed, (uint64_t)file, cut->at);
        power_cut_settle(&ret->files[file], &f);
    }
    for (size_t i = 0; i < cut->n_pending; i++) {
        const struct disk_op *op = &ops[cut->pending[i]];
        bool happened = mode == POWER_CUT_EVERYTHING ||
                        (mode != POWER_CUT_NOTHING && power_cut_hash(seed, i, 5) & 1);
        if (power_cut_is_name(op) && happened) disk_name_change(ret, op);
    }
}

static inline void power_cut_end(struct power_cut *cut)
{
    disk_image_release(&cut->lasting);
}

#endif
