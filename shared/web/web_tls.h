/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web_tls - the server's certificate and key, taken anew when their files change
 * A connection keeps the pair that it began with, until it is closed.
 */
#ifndef TRIBUTARY_WEB_WEB_TLS_H
#define TRIBUTARY_WEB_WEB_TLS_H

#include "base/outcome.h"

#include <gnutls/abstract.h>

/* What is spoken: TLS 1.2 and 1.3. */
#define WEB_TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

struct web_tls;
struct tls_pair; /* a certificate with its chain, and its key */

/*
 * web_tls_open - reads both files; all names are borrowed for its life
 * prefix        of the parameters that name the files, "" or "HTTP_"
 * *tls          NULL when neither file is given (NULL or "")
 * OUTCOME_DEAD  code: config, path: <prefix>TLS_CERTIFICATE_FILE or <prefix>TLS_KEY_FILE
 */
enum outcome web_tls_open(const char *prefix, const char *certificate_file, const char *key_file, struct web_tls **tls,
			  struct why *why) MUST_CHECK;
void web_tls_close(struct web_tls *tls); /* NULL is fine; every pair must have been released */

/* web_tls_renew - looks whether a file is another than before, and loads both. When that fails it is logged, once for
 * each state of the files, and the old pair goes on. */
void web_tls_renew(struct web_tls *tls);

/* web_tls_context - the socket context of the libmicrohttpd connection whose handshake this is; NULL: it has none */
void *web_tls_context(gnutls_session_t session);

/*
 * web_tls_choose - the pair of now, for a handshake; any thread
 * held  the connection's, NULL at first; what it held before is released
 * Returns 0, as GnuTLS wants it.
 */
int web_tls_choose(struct web_tls *tls, struct tls_pair **held, gnutls_pcert_st **certificates, unsigned *n,
		   gnutls_privkey_t *key);
/* web_tls_release - the connection is closed; *held may be NULL */
void web_tls_release(struct web_tls *tls, struct tls_pair **held);

#endif
