/* Any text as a catalogue. */
#include "store/catalogue.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct catalogue *cat;
    struct err err = { 0 };
    if (catalogue_read(&cat, (struct slice){ (const char *)data, size }, "fuzz", &err) == 0) {
        for (unsigned i = 0; i < cat->n_models; i++)
            if (catalogue_bytes(&cat->models[i]) == 0 || !*catalogue_entry(&cat->models[i]))
                abort();
        catalogue_close(cat);
    } else if (!err.text[0]) {
        abort();
    }
    return 0;
}
