/* disk_image - the files and names of a simulated disk at one moment, and what changes them. */
#ifndef TIRO_TESTS_FAULT_DISK_IMAGE_H
#define TIRO_TESTS_FAULT_DISK_IMAGE_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { DISK_FILES_MAX = 48, DISK_NAMES_MAX = 16, DISK_NAME_MAX = 64, DISK_FOLDER = -1 };

struct disk_bytes {
    char *ptr;
    size_t len, capacity;
};

struct disk_name {
    char name[DISK_NAME_MAX]; /* "" where none is */
    int file;
};

/* Files by number, some of them with a name. */
struct disk_image {
    struct disk_bytes files[DISK_FILES_MAX];
    int n_files;
    struct disk_name names[DISK_NAMES_MAX];
};

enum disk_change {
    DISK_WROTE,
    DISK_CUT,
    DISK_SYNCED,
    DISK_LOST,
    DISK_MADE,
    DISK_REMOVED,
    DISK_RENAMED
};

struct disk_op {
    enum disk_change change;
    int file; /* or DISK_FOLDER */
    size_t at, len;
    char *bytes; /* of DISK_WROTE; owned */
    char name[DISK_NAME_MAX], to[DISK_NAME_MAX];
};

static inline void disk_fit(struct disk_bytes *b, size_t len)
{
    if (len <= b->capacity) return;
    b->capacity = len * 2;
    b->ptr = realloc(b->ptr, b->capacity);
    assert(b->ptr);
}

static inline void disk_set_len(struct disk_bytes *b, size_t len)
{
    disk_fit(b, len);
    if (len > b->len) memset(b->ptr + b->len, 0, len - b->len);
    b->len = len;
}

static inline void disk_put(struct disk_bytes *b, size_t at, const void *bytes, size_t len)
{
    if (at + len > b->len) disk_set_len(b, at + len);
    if (len) memcpy(b->ptr + at, bytes, len);
}

static inline void disk_image_release(struct disk_image *image)
{
    for (int i = 0; i < image->n_files; i++) free(image->files[i].ptr);
    *image = (struct disk_image){ 0 };
}

static inline void disk_image_copy(struct disk_image *to, const struct disk_image *from)
{
    *to = *from;
    for (int i = 0; i < from->n_files; i++) {
        to->files[i] = (struct disk_bytes){ 0 };
        disk_put(&to->files[i], 0, from->files[i].ptr, from->files[i].len);
    }
}

static inline struct disk_name *disk_find(struct disk_image *image, const char *name)
{
    for (int i = 0; i < DISK_NAMES_MAX; i++)
        if (strcmp(image->names[i].name, name) == 0) return &image->names[i];
    return NULL;
}

static inline void disk_name_set(struct disk_image *image, const char *name, int file)
{
    struct disk_name *slot = disk_find(image, name);
    if (!slot) slot = disk_find(image, "");
    assert(slot && strlen(name) < DISK_NAME_MAX);
    memcpy(slot->name, name, strlen(name) + 1);
    slot->file = file;
}

/* What an operation does to names; one whose file is not there any more does nothing. */
static inline void disk_name_change(struct disk_image *image, const struct disk_op *op)
{
    struct disk_name *slot = disk_find(image, op->name);
    if (op->change == DISK_MADE) disk_name_set(image, op->name, op->file);
    if (op->change == DISK_RENAMED && slot) disk_name_set(image, op->to, slot->file);
    if ((op->change == DISK_REMOVED || op->change == DISK_RENAMED) && slot) slot->name[0] = '\0';
}

static inline void disk_forget(struct disk_op *ops, size_t n)
{
    for (size_t i = 0; i < n; i++) free(ops[i].bytes);
    free(ops);
}

#endif
