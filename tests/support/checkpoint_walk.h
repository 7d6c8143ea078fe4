/* checkpoint_walk - touches every byte that a checkpoint hands out, as its users would. */
#ifndef TIRO_TESTS_CHECKPOINT_WALK_H
#define TIRO_TESTS_CHECKPOINT_WALK_H

#include "models/checkpoint.h"

#include <assert.h>

static inline uint64_t walk_slice(struct slice s)
{
    uint64_t sum = s.len;
    for (size_t i = 0; i < s.len; i++) sum += (unsigned char)s.ptr[i];
    return sum;
}

static inline uint64_t walk_value(const struct checkpoint_value *v)
{
    uint64_t sum = walk_slice(v->key) + walk_slice(v->string);
    if (v->type != VALUE_ARRAY) return sum;
    for (uint64_t i = 0; i < v->n; i++)
        if (v->item == VALUE_STRING)
            sum += walk_slice(v->strings[i]);
        else
            for (unsigned k = 0; k < value_type_size(v->item); k++)
                sum += v->items[i * value_type_size(v->item) + k];
    return sum;
}

static inline uint64_t walk_tensor(const struct checkpoint_tensor *t)
{
    uint64_t sum = walk_slice(t->name), product = 1;
    assert(t->n_dims >= 0 && t->n_dims <= CHECKPOINT_DIMS_MAX && t->type_name);
    for (int i = 0; i < t->n_dims; i++) product *= t->dims[i];
    assert(product == t->n_elements && product > 0);
    if (!t->usable) {
        assert(!t->data);
        return sum;
    }
    size_t row;
    bool whole = dtype_row_bytes(&row, t->dtype, t->n_dims ? t->dims[t->n_dims - 1] : 1);
    assert(whole && (uintptr_t)t->data % 4 == 0);
    assert(t->size == row * (t->n_elements / (t->n_dims ? t->dims[t->n_dims - 1] : 1)));
    return sum + walk_slice((struct slice){ t->data, (size_t)t->size });
}

static inline uint64_t walk_checkpoint(const struct checkpoint *c)
{
    uint64_t sum = 0;
    struct slice s;
    for (size_t i = 0; i < c->n_values; i++) sum += walk_value(&c->values[i]);
    for (size_t i = 0; i < c->n_tensors; i++) sum += walk_tensor(&c->tensors[i]);
    if (checkpoint_architecture(c, &s, NULL) == 0) sum += walk_slice(s);
    if (checkpoint_chat_template(c, &s)) sum += walk_slice(s);
    return sum;
}

#endif
