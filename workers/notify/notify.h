/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify - tells partners what became of their orders, in their own format
 */
#ifndef TRIBUTARY_NOTIFY_H
#define TRIBUTARY_NOTIFY_H

#include "worker/worker.h"

/* notify_open - the mappings of every party that is sent documents */
enum outcome notify_open(const struct setup *setup, void **state, struct why *why);
void notify_close(void *state);

/* order.allocated: the order response (855, ORDRSP) */
enum outcome notify_allocated(struct batch *batch, struct why *why);
/* shipment.confirmed: the ship notice (856, DESADV) */
enum outcome notify_shipped(struct batch *batch, struct why *why);
/* invoice.issued: the invoice (810, INVOIC) */
enum outcome notify_invoiced(struct batch *batch, struct why *why);
/* document.acknowledged: what a partner said to one of them (997, 999, TA1, CONTRL) */
enum outcome notify_acknowledged(struct batch *batch, struct why *why);

#endif
