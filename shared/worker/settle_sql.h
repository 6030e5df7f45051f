/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle_sql - the skeleton's statements (migrations/0003_skeleton.sql)
 */
#ifndef TRIBUTARY_WORKER_SETTLE_SQL_H
#define TRIBUTARY_WORKER_SETTLE_SQL_H

#include "store/store.h"

extern const struct statement sql_lock;
/* per message: ordinal from 1, journal outcome, outputs, head of its order's gate, when it was settled, whether the
 * message that it comes after has not settled here yet, id of the outputs */
extern const struct statement sql_known;
/* message_id, stage, at → how often it was begun alone */
extern const struct statement sql_attempt;
/* id, at, the outputs of all messages of the transaction */
extern const struct statement sql_outputs_insert;
/* message_id, stage, outcome, id of the outputs, where its own begin, and their bytes, at */
extern const struct statement sql_journal_insert;
extern const struct statement sql_exception_open;
extern const struct statement sql_exception_settle;
extern const struct statement sql_gate_put;
extern const struct statement sql_gate_advance;
extern const struct statement sql_gate_delete;
extern const struct statement sql_park;
extern const struct statement sql_parked_next;
extern const struct statement sql_parked_delete;
extern const struct statement sql_status_reach;
extern const struct statement sql_status_hold;
extern const struct statement sql_timeline_insert;
/* a plan's item, what a replay would come to, code, path, text, at */
extern const struct statement sql_preview;

#endif
