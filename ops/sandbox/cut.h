/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cut - an answer that breaks off after any byte, within the status line too
 * libmicrohttpd sends its headers as a whole; so the answer is written here, to the connection's socket.
 */
#ifndef TRIBUTARY_SANDBOX_CUT_H
#define TRIBUTARY_SANDBOX_CUT_H

#include "base/str.h"

/* cut_answer - status line, headers and body of a 201, as a warehouse's server would send it */
void cut_answer(struct str body, struct buf *out);

/* cut_send - the first n bytes (all, when there are fewer), then the end of the connection; false: not all went out */
bool cut_send(int fd, struct str answer, size_t n);

#endif
