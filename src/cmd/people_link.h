/* people_link - prints a one-time link for people as the address that other machines can open. */
#ifndef TIRO_CMD_PEOPLE_LINK_H
#define TIRO_CMD_PEOPLE_LINK_H

#include <stdio.h>

/* `url` is the server's; where it listens on all addresses, one of this machine's is shown. */
void people_link_print(FILE *to, const char *url, const char *path, const char *token);

#endif
