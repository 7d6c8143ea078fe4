/* abc_report - what a check of music found, as JSON and in words for a model. */
#ifndef TIRO_API_ABC_REPORT_H
#define TIRO_API_ABC_REPORT_H

#include "api/field.h"
#include "base/json.h"
#include "music/abc_check.h"

extern const struct field abc_report_fields[]; /* of an answer that is abc_report_write's */
extern const struct field abc_issue_fields[];  /* of one of its issues */

/* "issues": [..] and the counts; not the braces around them. */
void abc_report_write(struct json_writer *w, const struct abc_report *report);
/* Lines like "line 7, column 9, bar 7: Bar 7 holds ..."; one of them when all is well. */
void abc_report_tell(struct buf *out, const struct abc_report *report);

#endif
