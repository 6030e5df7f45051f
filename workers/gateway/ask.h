/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask - what questions have in common: whose rows a call may see, its arguments, its body, and what is said of a no
 * An order or document of another party is answered exactly like one that is not there. Whatever returns false has
 * answered the call.
 */
#ifndef TRIBUTARY_GATEWAY_ASK_H
#define TRIBUTARY_GATEWAY_ASK_H

#include "contract/contract.h"
#include "gateway/ask_cursor.h"
#include "gateway/route.h"

#define ASK_ANSWER_BYTES ((size_t)16 << 20) /* of one answer, at most */
/* Calls of one query: of one row each, and of lists of up to thousands of rows. */
#define ASK_GROUP_ROWS 512
#define ASK_GROUP_LISTS 16

/* ask_in_groups - the calls by `answer`, at most `group` at a time; ends with the first outcome that is not OUTCOME_OK */
typedef enum outcome (*ask_fn)(struct lane_work *work, struct call **calls, size_t n, struct why *why);
enum outcome ask_in_groups(struct lane_work *work, struct call **calls, size_t n, size_t group, ask_fn answer,
			   struct why *why) MUST_CHECK;

/* ask_sees - the party whose rows the call may see; empty: everybody's */
struct str ask_sees(const struct call *call);
/* ask_party - whom the question is about: `party` of the query, else the caller's own. NULL: the call was answered with
 * 403 party-other or 404 party-unknown */
const struct party *ask_party(struct lane_work *work, struct call *call);

/* ask_order_id - of the path; 404 order-unknown for what is no UUID */
bool ask_order_id(struct call *call, struct uuid *id);
void ask_order_unknown(struct call *call);

/* Arguments of the query; each answers with 400 argument-invalid and the argument's name when it is wrong. What is not
 * given leaves the value alone. */
bool ask_limit(struct lane_work *work, struct call *call, int64_t max, int64_t *limit); /* 1 to max */
bool ask_instant(struct lane_work *work, struct call *call, const char *name, int64_t *us);
bool ask_after(struct lane_work *work, struct call *call, char list, struct cursor *cursor);
void ask_argument_wrong(struct call *call, const char *name, const char *text);

/*
 * ask_body - the body as the contract has it
 * document     contract->size bytes from the arena
 * check        what the contract cannot say, adds its complaints; may be NULL
 * Answers with 415 content-type-unknown or 422: no JSON, or every wrong field.
 */
typedef void (*ask_check_fn)(const void *document, struct complaints *complaints);
bool ask_body(struct lane_work *work, struct call *call, const struct contract *contract, ask_check_fn check,
	      const void **document);
void ask_complain(struct complaints *complaints, const char *code, const char *path, const char *text);

/* ask_no_say - members code, and detail in the caller's words when there are any */
void ask_no_say(struct buf *out, struct str code);

#endif
