/* address.h - whether an address belongs to the public Internet. Pure. */
#ifndef TRAPHEUS_ADDRESS_H
#define TRAPHEUS_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* False for loopback, link-local, private, shared, documentation, multicast and reserved ranges,
 * for IPv6 addresses that carry such an IPv4 address, and for other families. */
bool tph_address_is_public(const struct sockaddr *);

#endif
