#include "press/pango.h"

#include <dlfcn.h>
#include <string.h>

struct pango_library lib;

/* One brings the others along; each is named, so that all of their functions are found. */
static const char *const libraries[] = {
    "libpangocairo-1.0.so.0",
    "libpango-1.0.so.0",
    "libcairo.so.2",
    "libgobject-2.0.so.0",
};

static const struct {
    const char *name;
    size_t offset;
} functions[] = {
#define X(name) { #name, offsetof(struct pango_library, name) },
    PANGO_FUNCTIONS(X)
#undef X
};

static int find(const char *name, size_t offset, struct err *err)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    if (!symbol)
        return err_set(err, ERR_UNSUPPORTED_FORMAT, "the libraries that set text lack %s", name);
    memcpy((char *)&lib + offset, &symbol, sizeof symbol);
    return 0;
}

int pango_load(struct err *err)
{
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (!dlopen(libraries[i], RTLD_NOW | RTLD_GLOBAL))
            return err_set(err, ERR_UNSUPPORTED_FORMAT, "the library %s is not installed",
                           libraries[i]);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        TRY(find(functions[i].name, functions[i].offset, err));
    return 0;
}
