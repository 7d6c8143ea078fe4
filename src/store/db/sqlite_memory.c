#include "store/db/sqlite_memory.h"

#include "base/seam.h"

#include <sqlite3.h>

/* Before each block stands its size, which SQLite asks for; it wants blocks on 8 bytes. */
struct head {
    uint64_t size;
};

static struct head *head_of(void *block)
{
    return (struct head *)block - 1;
}

static void *take(int size)
{
    struct head *head = mem_alloc(sizeof *head + (size_t)size);
    if (!head) return NULL;
    head->size = (uint64_t)size;
    return head + 1;
}

static void give_back(void *block)
{
    if (block) mem_free(head_of(block));
}

static void *resize(void *block, int size)
{
    struct head *head = mem_realloc(head_of(block), sizeof *head + (size_t)size);
    if (!head) return NULL;
    head->size = (uint64_t)size;
    return head + 1;
}

static int size_of(void *block)
{
    return block ? (int)head_of(block)->size : 0;
}

static int round_up(int size)
{
    return (size + 7) & ~7;
}

static int begin(void *ctx)
{
    (void)ctx;
    return SQLITE_OK;
}

static void end(void *ctx)
{
    (void)ctx;
}

void sqlite_memory_use(void)
{
    static sqlite3_mem_methods methods = {
        .xMalloc = take,
        .xFree = give_back,
        .xRealloc = resize,
        .xSize = size_of,
        .xRoundup = round_up,
        .xInit = begin,
        .xShutdown = end,
    };
    (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    /* No counting, which takes a lock at each call. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
