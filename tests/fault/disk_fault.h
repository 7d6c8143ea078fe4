/* disk_fault - which call of a simulated disk (fault/disk.h) fails, and how. */
#ifndef TIRO_TESTS_FAULT_DISK_FAULT_H
#define TIRO_TESTS_FAULT_DISK_FAULT_H

#include <stdbool.h>

enum disk_call {
    DISK_NEVER,
    DISK_OPEN,
    DISK_READ,
    DISK_WRITE,
    DISK_SYNC,
    DISK_TRUNCATE,
    DISK_UNLINK,
    DISK_RENAME,
    DISK_STAT,
    DISK_LOCK,
    DISK_CALLS
};

struct disk_fault {
    enum disk_call call;
    int countdown; /* the n-th such call fails, from 1 */
    bool forever;  /* and all after it */
    int error;     /* errno; 0: a write or read that is short */
    int hits;
};

#endif
