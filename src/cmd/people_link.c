#include "cmd/people_link.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

/* The first address of a network that other machines could be in. */
static bool outward(char ret[INET_ADDRSTRLEN])
{
    struct ifaddrs *all;
    bool found = false;
    if (getifaddrs(&all) < 0) return false;
    for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || (i->ifa_flags & IFF_LOOPBACK))
            continue;
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)i->ifa_addr;
        found = inet_ntop(AF_INET, &in->sin_addr, ret, INET_ADDRSTRLEN) != NULL;
    }
    freeifaddrs(all);
    return found;
}

void people_link_print(FILE *to, const char *url, const char *path, const char *token)
{
    static const char *const anywhere[] = { "http://0.0.0.0:", "http://[::]:" };
    char address[INET_ADDRSTRLEN];
    for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere; i++) {
        size_t n = strlen(anywhere[i]);
        if (strncmp(url, anywhere[i], n) != 0 || !outward(address)) continue;
        fprintf(to, "http://%s:%s%s%s\n", address, url + n, path, token);
        return;
    }
    fprintf(to, "%s%s%s\n", url, path, token);
}
