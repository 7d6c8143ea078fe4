/* packed - all packed matrices of a model: one block, made in memory or mapped from a file.
 *
 *     TRY(packed_init(&p, net, arch, f32, err));       which matrices, and where each lies
 *     if (packed_map(&p, path, checkpoint, pool, err) < 0)
 *         TRY(packed_make(&p, checkpoint, &how, err));
 *     packed_release(&p);
 *
 * Either way every matrix's `packed` then points into the block, at the same offset, so a block in
 * memory and one from a file are the same bytes. The block has huge pages where the kernel has them
 * (docs/perf/0006); a file whose pages turn out to be small is copied into such a block. What the
 * checkpoint maps of a packed matrix is let go of.
 */
#ifndef TIRO_MODELS_PACKED_H
#define TIRO_MODELS_PACKED_H

#include "graph/weight.h"
#include "models/arch.h"
#include "models/packed_file.h"

struct packed {
    struct weight **weights;       /* (n) in the order of the block; owned, as all here */
    struct packed_tensor *tensors; /* (n) */
    size_t n;
    uint64_t size; /* Of the block; 0: no matrix. */
    void *map;     /* The block, or the file that it lies in. */
    size_t map_size;
    bool f32; /* Matrices become floats: no file holds that. */
};

int packed_init(struct packed *ret, struct arch_model *net, const struct model_arch *arch, bool f32,
                struct err *err) MUST_USE;
/* -ERR_NOT_FOUND: there is no such file. Else the error says what is wrong with it. */
int packed_map(struct packed *p, const char *path, const struct checkpoint *c, struct pool *pool,
               struct err *err) MUST_USE;

/* Whether there is a file for this checkpoint, without reading its data: as packed_map. */
int packed_probe(uint64_t *ret_bytes, const char *path, const struct checkpoint *c,
                 struct err *err) MUST_USE;

/* Called between matrices with the bytes done so far; false stops with -ERR_CANCELLED. */
struct packed_progress {
    bool (*fn)(void *ctx, uint64_t done_bytes, uint64_t total_bytes); /* NULL: nobody asks. */
    void *ctx;
};

int packed_make(struct packed *p, const struct checkpoint *c, const struct weight_options *how,
                const struct packed_progress *progress, struct err *err) MUST_USE;
/* Writes the block without holding it: a few megabytes of memory, whatever the model. */
int packed_write(const struct packed *p, const struct checkpoint *c,
                 const struct weight_options *how, const struct packed_progress *progress, int fd,
                 const char *name, struct err *err) MUST_USE;
void packed_release(struct packed *p);

#endif
