/* api_docs - writes what is generated from the API's field tables.
 *
 *     api_docs markdown > docs/api.md
 *     api_docs typescript > web/src/api.d.ts
 *     api_docs dictionary > tests/fuzz/dict/request.dict
 *     api_docs openapi > openapi.json
 */
#include "api/openapi.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*write)(struct buf *out);
    } documents[] = {
        { .name = "markdown", .write = api_markdown_write },
        { .name = "typescript", .write = api_typescript_write },
        { .name = "dictionary", .write = api_dictionary_write },
        { .name = "openapi", .write = openapi_write },
    };
    for (size_t i = 0; argc == 2 && i < sizeof documents / sizeof *documents; i++) {
        if (strcmp(argv[1], documents[i].name) != 0) continue;
        struct buf out;
        buf_init(&out, DOCUMENT_BYTES_MAX);
        documents[i].write(&out);
        bool ok = !out.failed && fwrite(buf_str(&out), 1, out.len, stdout) == out.len &&
                  fflush(stdout) == 0;
        buf_release(&out);
        return ok ? 0 : 1;
    }
    (void)fprintf(stderr, "usage: api_docs markdown | typescript | dictionary | openapi\n");
    return 2;
}
