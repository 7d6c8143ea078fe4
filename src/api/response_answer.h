/* response_answer - how the documents describe a Response, and an event of its stream. */
#ifndef TIRO_API_RESPONSE_ANSWER_H
#define TIRO_API_RESPONSE_ANSWER_H

#include "api/field.h"

extern const struct field response_answer_fields[], response_event_fields[];

#endif
