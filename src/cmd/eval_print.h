/* eval_print - an exam's report for people: in the terminal, and as a Markdown file. */
#ifndef TIRO_CMD_EVAL_PRINT_H
#define TIRO_CMD_EVAL_PRINT_H

#include "base/json.h"

/* `evaluation`: the object of GET /v1/tiro/evaluations/{id}. */
void eval_summary(struct buf *out, const json_t *evaluation);
/* As Markdown; items follow by eval_markdown_item. */
void eval_markdown(struct buf *out, const json_t *evaluation);
void eval_markdown_item(struct buf *out, const json_t *item);

#endif
