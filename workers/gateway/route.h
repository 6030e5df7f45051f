/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route - what can be asked of the gateway: one row each
 * A row's handler gets calls as a set, in the lane's thread, and answers each of them. The document
 * topology/api/openapi.yaml describes them for those who call; it and this table must name the same, which is checked at
 * the start (contract_file.h). What is deprecated, it alone says.
 *
 * To add one: a row in route.c, its handler, a path in openapi.yaml.
 */
#ifndef TRIBUTARY_GATEWAY_ROUTE_H
#define TRIBUTARY_GATEWAY_ROUTE_H

#include "gateway/call.h"
#include "store/store.h"

struct gateway;

/* Submissions do not wait for questions, nor questions for submissions: each lane has a thread, and connections. */
enum lane_name { LANE_SUBMIT, LANE_ASK, LANES };

/* What a lane's handlers work with. */
struct lane_work {
	struct gateway *gateway;
	enum lane_name lane;
	struct arena *arena; /* cleared after the set */
	struct store *store; /* no transaction is open */
	const struct party_list *parties;
	int64_t now_us;
};

struct route {
	const char *method;
	const char *path; /* as in openapi.yaml: /v1/orders/{order_id} */
	unsigned scope;   /* enum scope; 0: for anybody */
	enum lane_name lane;
	const char *const *query; /* names of its arguments, ends in NULL */
	bool is_signed;           /* no key: the sender's own signature says who it is */
	/*
	 * answer - answers every call of the set; n of them, all of this route. Another outcome than OUTCOME_OK says why
	 * those that are not answered yet could not be: AWAY and RETRY are 503, DEAD is tried again one by one.
	 */
	enum outcome (*answer)(struct lane_work *work, struct call **calls, size_t n, struct why *why);
};

extern const struct route routes[];
extern const size_t routes_count;

/*
 * route_find - fills the call's route and args
 * Returns 0, 404, or 405 (allowed: the methods that the path has, with commas)
 */
int route_find(struct call *call, char *allowed, size_t allowed_bytes);

/* route_index - its place in `routes` */
size_t route_index(const struct route *route);
/* route_name - "GET /v1/orders/{order_id}"; `out` has 96 bytes */
#define ROUTE_NAME_BYTES 96
const char *route_name(const struct route *route, char out[static ROUTE_NAME_BYTES]);

#endif
