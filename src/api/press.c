#include "api/press.h"

#include "proto/press.h"

int press_begin(struct service *service, struct extraction *x, struct err *err)
{
    return service->ops->press(service, x, err);
}

void press_cancel(struct service *service, struct extraction *x)
{
    service->ops->press_cancel(service, x);
}

int press_end_error(int status, const char *format, struct err *err)
{
    switch (status) {
    case PRESS_TOO_LARGE:
        return err_set(err, ERR_LIMIT, "The book is too large to be made a file of format '%s'.",
                       format);
    case PRESS_NO_MEMORY:
        return err_set(err, ERR_LIMIT,
                       "The book needs more than %d MiB of memory to be made a file, the most that "
                       "it gets.",
                       PRESS_MEMORY_MAX >> 20);
    case PRESS_NO_LIBRARY:
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "This server cannot make PDF files: libpangocairo, of the package "
                       "libpangocairo-1.0-0, is not installed.");
    default:
        return err_set(err, ERR_INTERNAL,
                       "The book could not be made a file of format '%s': the process that makes "
                       "it failed.",
                       format);
    }
}
