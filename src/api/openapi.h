/* openapi - documents made from the field tables: the OpenAPI 3.1 document that the server
 * publishes, docs/api.md, the types of web/ and the fuzz dictionary. The program `api_docs` writes
 * the last three (tools/docs.sh).
 */
#ifndef TIRO_API_OPENAPI_H
#define TIRO_API_OPENAPI_H

#include "base/buf.h"

enum { DOCUMENT_BYTES_MAX = 4 << 20 };

void openapi_write(struct buf *out);        /* JSON */
void api_markdown_write(struct buf *out);   /* docs/api.md */
void api_typescript_write(struct buf *out); /* web/src/api.d.ts */
void api_dictionary_write(struct buf *out); /* libFuzzer's format */

#endif
