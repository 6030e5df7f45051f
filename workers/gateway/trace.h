/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace - W3C traceparent: taken over from the caller, or begun
 */
#ifndef TRIBUTARY_GATEWAY_TRACE_H
#define TRIBUTARY_GATEWAY_TRACE_H

#include "gateway/call.h"

/* trace_begin - the caller's trace with a new span of ours; a new trace when he has none, or a malformed one */
void trace_begin(struct str given, char out[static TRACE_TEXT_BYTES]);

#endif
