/* sqlite_memory - SQLite's memory comes through base/seam.h, so that each of its allocations can be
 * made to fail. */
#ifndef TIRO_STORE_DB_SQLITE_MEMORY_H
#define TIRO_STORE_DB_SQLITE_MEMORY_H

/* Before SQLite is first used by anyone in this process; later it changes nothing. */
void sqlite_memory_use(void);

#endif
