/* books - what endpoints tell the runner of books. */
#ifndef TIRO_API_RUNNER_BOOKS_H
#define TIRO_API_RUNNER_BOOKS_H

#include "api/runner.h"

extern const struct runner runner_books;

/* A book was started, paused, changed or deleted. */
void books_tell(struct service *service);

#endif
