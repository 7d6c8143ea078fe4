/* query - the query string of a request as the fields of a table.
 *
 *     ?limit=20&order=asc&include[]=a&include[]=b&metadata[k]=v
 *
 * becomes {"limit":20,"order":"asc","include":["a","b"],"metadata":{"k":"v"}}, in which numbers and
 * booleans are what the table's rows want them to be; fields_parse then judges it like a body.
 * A name with an unknown meaning is an error there; api-version, which Azure's clients add to
 * everything, is left out.
 */
#ifndef TIRO_API_QUERY_H
#define TIRO_API_QUERY_H

#include "api/field.h"

enum { QUERY_PARAMETERS_MAX = 128 };

/* -ERR_HTTP_SYNTAX, -ERR_INVALID_VALUE, -ERR_LIMIT, -ERR_NO_MEMORY. Release with json_decref. */
int query_read(json_t **ret, struct slice query, const struct field *fields,
               struct err *err) MUST_USE;
/* One of them, whose escapes are undone already; the parts of a form are put together likewise. */
int query_add(json_t *root, struct slice name, struct slice value, const struct field *fields,
              struct err *err) MUST_USE;

#endif
