/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrich - adds what our own books say to an order
 */
#ifndef TRIBUTARY_ENRICH_H
#define TRIBUTARY_ENRICH_H

#include "worker/worker.h"

/* order.accepted, and order.changed: the same, in place of what was there */
enum outcome enrich_accepted(struct batch *batch, struct why *why);
enum outcome enrich_changed(struct batch *batch, struct why *why);

#endif
