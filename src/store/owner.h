/* owner - whose a row is: tenant, project, user and key, in every table of people's data.
 *
 *     "CREATE TABLE notes (..., " OWNER_COLUMNS ", ...)"
 *     "INSERT INTO notes(" OWNER_NAMES ", body) VALUES (?1, ?2, ?3, ?4, ?5)", OWNER_ARGS(p), ...
 *     "... WHERE id = ?1 AND " OWNED_BY("?2", "?3"), DB_ARGS(DB_TEXT(id), OWNED_ARGS(p))
 *
 * A row is reached by its tenant and project alike; what is another's is not found, never refused.
 */
#ifndef TIRO_STORE_OWNER_H
#define TIRO_STORE_OWNER_H

#include "proto/bodies.h"
#include "store/db.h"

/* "key" is a word of SQL's, so the columns say whose they are. */
#define OWNER_COLUMNS                                                            \
    "tenant_id TEXT NOT NULL, project_id TEXT NOT NULL, user_id TEXT NOT NULL, " \
    "key_id TEXT NOT NULL"
#define OWNER_NAMES "tenant_id, project_id, user_id, key_id"
#define OWNER_ARGS(p) \
    DB_TEXT((p)->tenant), DB_TEXT((p)->project), DB_TEXT((p)->user), DB_TEXT((p)->key)
#define OWNED_BY(tenant, project) "tenant_id = " tenant " AND project_id = " project
#define OWNED_ARGS(p)             DB_TEXT((p)->tenant), DB_TEXT((p)->project)

#endif
