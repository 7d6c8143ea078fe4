/* sqlite_vfs - what SQLite stands on: files, locks, memory, clock and dice of base/seam.h.
 *
 * Locks and the shared index of the write-ahead log (sqlite_shm.h) are where SQLite's own layer has
 * them, so that other programs may read a database in use. Nothing is taken for granted of the
 * disk: a power cut may leave any sector that was being written in any state (no
 * SQLITE_IOCAP_POWERSAFE_OVERWRITE), and a new name is only there once its folder is synced
 * (docs/decisions/0023).
 */
#ifndef TIRO_STORE_DB_SQLITE_VFS_H
#define TIRO_STORE_DB_SQLITE_VFS_H

#include "base/err.h"

enum { SQLITE_VFS_SECTOR = 4096 };

/* The name to open databases with. */
#define SQLITE_VFS "tiro"

/* Makes it known to SQLite; any number of times, any thread. */
int sqlite_vfs_register(struct err *err) MUST_USE;

/* Syncs the folder in which `path` lies: what names were made, changed and removed in it lasts. */
int sqlite_vfs_sync_folder(const char *path);

#endif
