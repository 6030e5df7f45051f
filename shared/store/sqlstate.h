/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlstate - what the server's five-character codes mean to us (PostgreSQL manual, appendix A)
 */
#ifndef TRIBUTARY_STORE_SQLSTATE_H
#define TRIBUTARY_STORE_SQLSTATE_H

#include "base/outcome.h"

#include <libpq-fe.h>

/* sqlstate_classify - the outcome and its code; NULL or empty is a connection that broke */
enum outcome sqlstate_classify(const char *sqlstate, const char **code);
/* sqlstate_why - the same of a failed result, with constraint (or column) as the path and the primary message without
 * what it quotes of the data; never the detail, which is data */
enum outcome sqlstate_why(const PGresult *pg, struct why *why);

#endif
