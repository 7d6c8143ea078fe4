#include "index/collection.h"

#include "base/seam.h"
#include "index/dot.h"

#include <assert.h>

enum { SLOTS_MIN = 64, FILES_MIN = 16, TIDY_MIN = 1024 };

void collection_init(struct collection *c)
{
    *c = (struct collection){ 0 };
    numbers_init(&c->places);
    lexicon_init(&c->lexicon);
}

void collection_release(struct collection *c)
{
    for (uint32_t i = 0; i < c->n_files; i++) mem_free(c->files[i].attributes);
    mem_free(c->files);
    mem_free(c->vectors);
    mem_free(c->scales);
    mem_free(c->file_of);
    mem_free(c->number_of);
    mem_free(c->n_words_of);
    numbers_release(&c->places);
    lexicon_release(&c->lexicon);
    collection_init(c);
}

size_t collection_bytes(const struct collection *c)
{
    size_t slot = dot_stride(c->dimensions) + sizeof(float) + 3 * sizeof(uint32_t);
    return c->cap_slots * slot + c->cap_files * sizeof *c->files +
           c->places.cap * sizeof *c->places.entries + c->lexicon.bytes + c->file_bytes;
}

static int no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "there is no memory for more of the vector store");
}

static int grow(void **array, size_t count, size_t size)
{
    void *grown = mem_realloc(*array, count * size);
    if (!grown) return -ERR_NO_MEMORY;
    *array = grown;
    return 0;
}

/* All arrays of slots; one that fails leaves those before it larger than they need to be. */
static int resize_slots(struct collection *c, uint32_t cap)
{
    TRY(grow((void **)&c->vectors, cap, dot_stride(c->dimensions)));
    TRY(grow((void **)&c->scales, cap, sizeof *c->scales));
    TRY(grow((void **)&c->file_of, cap, sizeof *c->file_of));
    TRY(grow((void **)&c->number_of, cap, sizeof *c->number_of));
    TRY(grow((void **)&c->n_words_of, cap, sizeof *c->n_words_of));
    c->cap_slots = cap;
    return 0;
}

/* ---- Files ---- */

/* The place of the file, which is made if it is new. */
static int place_of(struct collection *c, uint32_t *ret, uint64_t number, struct err *err)
{
    if (numbers_get(&c->places, number, ret)) return 0;
    if (c->n_files == c->cap_files) {
        uint32_t cap = c->cap_files ? c->cap_files * 2 : FILES_MIN;
        if (grow((void **)&c->files, cap, sizeof *c->files) < 0) return no_memory(err);
        c->cap_files = cap;
    }
    if (numbers_put(&c->places, number, c->n_files) < 0) return no_memory(err);
    c->files[c->n_files] = (struct collection_file){ .number = number };
    *ret = c->n_files++;
    return 0;
}

static char *copy_text(char *to, struct slice *ret, struct slice from)
{
    if (from.len) memcpy(to, from.ptr, from.len);
    *ret = (struct slice){ to, from.len };
    return to + from.len;
}

int collection_set_file(struct collection *c, uint64_t number, bool visible,
                        const struct index_attribute *attributes, uint32_t n, struct err *err)
{
    uint32_t place;
    struct index_attribute *copy = NULL;
    size_t bytes = n * sizeof *copy;
    assert(number && n <= ATTRIBUTES_MAX);
    for (uint32_t i = 0; i < n; i++) bytes += attributes[i].key.len + attributes[i].value.text.len;
    TRY(place_of(c, &place, number, err));
    if (n && !(copy = mem_alloc(bytes))) return no_memory(err);
    char *text = (char *)(copy + n);
    for (uint32_t i = 0; i < n; i++) {
        copy[i] = attributes[i];
        text = copy_text(text, &copy[i].key, attributes[i].key);
        text = copy_text(text, &copy[i].value.text, attributes[i].value.text);
    }
    struct collection_file *f = &c->files[place];
    mem_free(f->attributes);
    c->file_bytes += bytes;
    c->file_bytes -= f->bytes;
    f->attributes = copy;
    f->n_attributes = n;
    f->bytes = bytes;
    f->visible = visible;
    return 0;
}

void collection_remove(struct collection *c, uint64_t number)
{
    uint32_t place;
    if (!numbers_get(&c->places, number, &place)) return;
    struct collection_file *f = &c->files[place];
    numbers_remove(&c->places, number);
    mem_free(f->attributes);
    c->file_bytes -= f->bytes;
    c->n_removed += f->n_slots;
    *f = (struct collection_file){ .n_slots = f->n_slots };
}

/* ---- Chunks ---- */

int collection_add(struct collection *c, const struct collection_chunk *chunk, uint32_t dimensions,
                   struct err *err)
{
    uint32_t place, slot = c->n_slots;
    size_t stride = dot_stride(dimensions);
    if (dimensions == 0 || dimensions > DOT_DIMENSIONS_MAX)
        return err_set(err, ERR_LIMIT, "vectors have 1 to %d dimensions, not %u",
                       DOT_DIMENSIONS_MAX, dimensions);
    if (c->dimensions && c->dimensions != dimensions)
        return err_set(err, ERR_INVALID_VALUE,
                       "the vector store's vectors have %u dimensions, this one has %u",
                       c->dimensions, dimensions);
    if (slot == COLLECTION_CHUNKS_MAX)
        return err_set(err, ERR_LIMIT, "a vector store has at most %d chunks",
                       COLLECTION_CHUNKS_MAX);
    c->dimensions = dimensions;
    uint32_t cap = c->cap_slots ? c->cap_slots + c->cap_slots / 2 : SLOTS_MIN;
    if (slot == c->cap_slots && resize_slots(c, cap) < 0) return no_memory(err);
    if (!dot_cut_row(c->vectors + slot * stride, &c->scales[slot], chunk->vector, dimensions,
                     stride))
        return err_set(err, ERR_INVALID_VALUE, "a vector holds what is no number");
    TRY(place_of(c, &place, chunk->file, err));
    if (lexicon_add(&c->lexicon, slot, chunk->text, &c->n_words_of[slot]) < 0)
        return no_memory(err);
    c->file_of[slot] = place;
    c->number_of[slot] = chunk->number;
    c->files[place].n_slots++;
    c->n_slots++;
    return 0;
}

/* ---- Giving back ---- */

/* Files that are left move together; ret[place] is the new one. */
static void tidy_files(struct collection *c, uint32_t *ret)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n_files; i++) {
        if (!c->files[i].number) continue;
        ret[i] = n;
        c->files[n] = c->files[i];
        int rc = numbers_put(&c->places, c->files[n].number, n);
        assert(rc == 0); /* It is there already. */
        n++;
    }
    c->n_files = n;
}

static void move_slot(struct collection *c, uint32_t to, uint32_t from, uint32_t file)
{
    size_t stride = dot_stride(c->dimensions);
    memmove(c->vectors + to * stride, c->vectors + from * stride, stride);
    c->scales[to] = c->scales[from];
    c->file_of[to] = file;
    c->number_of[to] = c->number_of[from];
    c->n_words_of[to] = c->n_words_of[from];
}

void collection_tidy(struct collection *c)
{
    if (c->n_removed < TIDY_MIN || c->n_removed <= c->n_slots / 2) return;
    uint32_t *slots = mem_alloc(c->n_slots * sizeof *slots), n = 0;
    uint32_t *files = mem_alloc(c->n_files * sizeof *files);
    if (!slots || !files) {
        mem_free(slots);
        mem_free(files);
        return;
    }
    for (uint32_t i = 0; i < c->n_slots; i++)
        slots[i] = c->files[c->file_of[i]].number ? n++ : UINT32_MAX;
    tidy_files(c, files);
    for (uint32_t i = 0; i < c->n_slots; i++)
        if (slots[i] != UINT32_MAX) move_slot(c, slots[i], i, files[c->file_of[i]]);
    lexicon_renumber(&c->lexicon, slots);
    c->n_slots = n;
    c->n_removed = 0;
    if (n > SLOTS_MIN) (void)resize_slots(c, n); /* Larger than needed is fine. */
    mem_free(slots);
    mem_free(files);
}
