/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url - where a server is and who we are there: scheme://user:password@host:port/path (RFC 3986)
 * Parts are percent-decoded. What is wrong is said by the part's name, never by its text: it may be a password.
 */
#ifndef TRIBUTARY_BROKER_URL_H
#define TRIBUTARY_BROKER_URL_H

#include "base/outcome.h"

/* Texts are allocated and never NULL; what is missing is "". */
struct url {
	char *scheme, *user, *password, *host, *path; /* path without its first slash */
	int64_t port;                                 /* 0: not given */
};

/*
 * url_parse - take one URL apart
 * url      written only when true is returned; release it
 * problem  a literal, written only when false is returned: "the port is not a number from 1 to 65535"
 */
bool url_parse(struct str text, struct url *url, const char **problem) MUST_CHECK;
void url_release(struct url *url); /* overwrites the password; may be called twice */

#endif
