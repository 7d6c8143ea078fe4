#include "store/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int store_path_join(char *out, size_t size, const char *folder, const char *name, struct err *err)
{
    int n = snprintf(out, size, "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= size)
        return err_set(err, ERR_LIMIT, "the path %s/%.100s is longer than %zu bytes", folder, name,
                       size - 1);
    return 0;
}

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* An absolute path as it is, any other below the working directory. */
static int make_absolute(char *out, size_t size, const char *path, struct err *err)
{
    char here[PATH_MAX];
    if (path[0] == '/') {
        if (strlen(path) >= size)
            return err_set(err, ERR_LIMIT, "the data folder's path is longer than %zu bytes",
                           size - 1);
        memcpy(out, path, strlen(path) + 1);
        return 0;
    }
    if (!getcwd(here, sizeof here)) return err_errno(err, errno, "finding the working directory");
    return store_path_join(out, size, here, path, err);
}

static int find_data(char *out, size_t size, const char *data, struct err *err)
{
    if (data && *data) return make_absolute(out, size, data, err);
    if ((data = from_environment("TIRO_DATA"))) return make_absolute(out, size, data, err);
    /* The XDG specification wants relative values ignored. */
    if ((data = from_environment("XDG_DATA_HOME")) && data[0] == '/')
        return store_path_join(out, size, data, "tiro", err);
    if ((data = from_environment("HOME")) && data[0] == '/')
        return store_path_join(out, size, data, ".local/share/tiro", err);
    return err_set(err, ERR_NOT_FOUND,
                   "there is no home directory to keep data in; name a folder with --data DIR");
}

int store_paths_init(struct store_paths *ret, const char *data, struct err *err)
{
    struct store_paths paths;
    TRY(find_data(paths.data, sizeof paths.data, data, err));
    size_t len = strlen(paths.data);
    while (len > 1 && paths.data[len - 1] == '/') paths.data[--len] = '\0';
    TRY(store_path_join(paths.models, sizeof paths.models, paths.data, "models", err));
    *ret = paths;
    return 0;
}

static int make_folder(const char *path, struct err *err)
{
    struct stat st;
    if (mkdir(path, 0700) == 0) return 0;
    int saved = errno;
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode)) return 0;
        return err_set(err, ERR_EXISTS,
                       "%s is in the way: a folder is needed there; move it, or name another "
                       "folder with --data DIR",
                       path);
    }
    (void)err_errno(err, saved, "creating the folder %s", path);
    return err_context(err, "Tiro cannot keep its data here (name another folder with --data DIR)");
}

/* As mkdir -p. */
static int make_folders(const char *path, struct err *err)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(part, path, i);
        part[i] = '\0';
        TRY(make_folder(part, err));
    }
    return 0;
}

int store_paths_make(const struct store_paths *paths, struct err *err)
{
    TRY(make_folders(paths->models, err));
    if (access(paths->models, W_OK | X_OK) < 0) {
        (void)err_errno(err, errno, "writing in %s", paths->models);
        return err_context(err, "Tiro cannot keep its models here (change the folder's "
                                "permissions, or name another with --data DIR)");
    }
    return 0;
}
