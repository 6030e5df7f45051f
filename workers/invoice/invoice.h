/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invoice - bills what was shipped
 */
#ifndef TRIBUTARY_INVOICE_H
#define TRIBUTARY_INVOICE_H

#include "worker/worker.h"

enum outcome invoice_handle(struct batch *batch, struct why *why);

#endif
