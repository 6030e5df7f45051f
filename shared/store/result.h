/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result - the inside of struct result, for store.c
 */
#ifndef TRIBUTARY_STORE_RESULT_H
#define TRIBUTARY_STORE_RESULT_H

#include "store/store.h"

#include <libpq-fe.h>

struct result {
	struct result *next; /* the store's list of all that this transaction was answered */
	PGresult *pg;
};

/* result_push - takes pg; false without memory (pg is freed then) */
bool result_push(struct result **list, PGresult *pg);
/* result_free_all - the list becomes empty */
void result_free_all(struct result **list);

#endif
