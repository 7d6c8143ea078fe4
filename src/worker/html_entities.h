/* html_entities - &eacute; and its like. */
#ifndef TIRO_WORKER_HTML_ENTITIES_H
#define TIRO_WORKER_HTML_ENTITIES_H

#include "base/slice.h"

/* The character of that name, without & and ;. 0: there is none. */
uint32_t html_entity(struct slice name);

#endif
