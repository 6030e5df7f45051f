/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrich - adds what our own books say to an order
 */
#ifndef TRIBUTARY_ENRICH_H
#define TRIBUTARY_ENRICH_H

#include "worker/worker.h"

enum outcome enrich_handle(struct batch *batch, struct why *why);

#endif
