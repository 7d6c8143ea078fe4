/* The copies of the database that upgrades leave beside it: they hold what was deleted since. */
#include "base/seam.h"
#include "store/paths.h"
#include "store/retention.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

static bool is_due(const char *path, const char *name, const struct retention_due *due)
{
    struct stat st;
    struct slice s = slice_of(name);
    return slice_starts(s, SLICE("tiro.db.schema-")) && slice_ends(s, SLICE(".backup")) &&
           stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mtime < due->before;
}

static int expire(struct db *db, const struct retention_due *due, struct err *err)
{
    (void)db;
    (void)err;
    int n = 0;
    DIR *dir = due->data_dir ? opendir(due->data_dir) : NULL;
    if (!dir) return 0;
    for (struct dirent *e; n < RETENTION_ROWS_AT_ONCE && (e = readdir(dir));) {
        char path[PATH_MAX];
        if (store_path_join(path, sizeof path, due->data_dir, e->d_name, NULL) < 0) continue;
        if (is_due(path, e->d_name, due) && seams.unlink(path) == 0) n++;
    }
    (void)closedir(dir); /* It was only read. */
    return n;
}

const struct retention retention_backups = { .name = "backups", .expire = expire };
