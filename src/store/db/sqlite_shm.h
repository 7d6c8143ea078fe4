/* sqlite_shm - the index of the write-ahead log: the file PATH-shm, mapped by every process that
 * has the database open. It holds nothing that lasts: whoever comes first clears it, and it is made
 * anew from the log.
 *
 * All return SQLite's codes, with errno where they fail.
 */
#ifndef TIRO_STORE_DB_SQLITE_SHM_H
#define TIRO_STORE_DB_SQLITE_SHM_H

#include <stdbool.h>

struct sqlite_shm;

int sqlite_shm_open(struct sqlite_shm **ret, const char *database);
/* Region by region, all of one size; *ret NULL: it is not there yet, and not to be made. */
int sqlite_shm_map(struct sqlite_shm *shm, int region, int size, bool extend, void volatile **ret);
int sqlite_shm_lock(struct sqlite_shm *shm, int first, int n, int flags);
/* NULL is fine. */
void sqlite_shm_close(struct sqlite_shm *shm, bool remove);

#endif
