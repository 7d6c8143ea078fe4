/* bench_profile - the table of `tiro bench --profile`: where forwards spend their time. */
#ifndef TIRO_CMD_BENCH_PROFILE_H
#define TIRO_CMD_BENCH_PROFILE_H

struct model;

/* One table for each size of batch; steps of all layers that do the same are one line. */
void bench_profile_print(const struct model *m);

#endif
