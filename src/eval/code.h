/* code - from what a model wrote to the program that says whether it is right.
 *
 * An answer that goes on behind the prompt ends where the function does: before a line that begins
 * with one of the words after which Codex's authors stop (Chen et al. 2021, 2.2: class, def, #, if,
 * print). Of an answer in words the first fenced block counts; it is the whole program when it
 * defines the function, else what follows the prompt.
 */
#ifndef TIRO_EVAL_CODE_H
#define TIRO_EVAL_CODE_H

#include "eval/item.h"

/* The program prints this line last, when check() came back. */
#define EVAL_CODE_PASSED "TIRO-CHECK-PASSED"

/* The stops to ask the model with, as a JSON array. */
#define EVAL_CODE_STOPS "[\"\\nclass\",\"\\ndef\",\"\\n#\",\"\\nif\"]"

void eval_code_program(struct buf *out, const struct eval_item *item, struct slice answer);

#endif
