/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/route.h"

#include "gateway/ask_buyers.h"
#include "gateway/ask_documents.h"
#include "gateway/ask_orders.h"
#include "gateway/ask_parts.h"
#include "gateway/ask_prices.h"
#include "gateway/ask_stock.h"
#include "gateway/contract_file.h"
#include "gateway/submit.h"
#include "gateway/webhook.h"

#include <stdio.h>
#include <string.h>

static const char *const no_query[] = {NULL};
static const char *const document_query[] = {"kind", "dry_run", NULL};
static const char *const order_query[] = {"dry_run", NULL};

const struct route routes[] = {
    {"POST", "/v1/parties/{party}/documents", SCOPE_SUBMIT, LANE_SUBMIT, document_query, .answer = submit_documents},
    {"POST", "/v1/orders", SCOPE_SUBMIT, LANE_SUBMIT, order_query, .answer = submit_orders},
    {"POST", "/v1/returns", SCOPE_SUBMIT, LANE_SUBMIT, order_query, .answer = submit_returns},
    {"POST", "/v1/hooks/{party}", 0, LANE_SUBMIT, no_query, .is_signed = true, .answer = webhook_take},
    {"GET", "/v1/documents/{document_id}", SCOPE_ORDERS, LANE_ASK, documents_query, .answer = ask_document},
    {"GET", "/v1/orders/{order_id}", SCOPE_ORDERS, LANE_ASK, no_query, .answer = ask_order},
    {"GET", "/v1/orders", SCOPE_ORDERS, LANE_ASK, orders_query, .answer = ask_orders},
    {"GET", "/v1/orders/{order_id}/timeline", SCOPE_ORDERS, LANE_ASK, timeline_query, .answer = ask_timeline},
    {"GET", "/v1/orders/{order_id}/shipments", SCOPE_ORDERS, LANE_ASK, no_query, .answer = ask_shipments},
    {"GET", "/v1/orders/{order_id}/invoices", SCOPE_ORDERS, LANE_ASK, no_query, .answer = ask_invoices},
    {"GET", "/v1/returns/{return_id}", SCOPE_ORDERS, LANE_ASK, no_query, .answer = ask_return},
    {"GET", "/v1/orders/{order_id}/returns", SCOPE_ORDERS, LANE_ASK, no_query, .answer = ask_returns},
    {"GET", "/v1/availability", SCOPE_STOCK, LANE_ASK, stock_query, .answer = ask_stock_query},
    {"POST", "/v1/availability", SCOPE_STOCK, LANE_ASK, stock_body_query, .answer = ask_stock_body},
    {"POST", "/v1/quotes", SCOPE_PRICES, LANE_ASK, prices_query, .answer = ask_quotes},
    {"POST", "/v1/customers/validate", SCOPE_PRICES | SCOPE_ORDERS, LANE_ASK, buyers_query, .answer = ask_customers},
    {"GET", "/v1/openapi.yaml", 0, LANE_ASK, no_query, .answer = contract_file_answer},
};

const size_t routes_count = COUNT_OF(routes);

size_t
route_index(const struct route *route)
{
	return (size_t)(route - routes);
}

const char *
route_name(const struct route *route, char out[static ROUTE_NAME_BYTES])
{
	snprintf(out, ROUTE_NAME_BYTES, "%s %s", route->method, route->path);
	return out;
}

/* Segment by segment; {name} takes any one. */
static bool
path_matches(const char *pattern, struct str path, struct str *args, size_t *args_n)
{
	struct str want = str_of(pattern), segment, wanted;

	*args_n = 0;
	while (want.n && path.n) {
		wanted = str_split(&want, '/');
		segment = str_split(&path, '/');
		if (wanted.n && wanted.p[0] == '{' && segment.n) {
			if (*args_n == CALL_ARGS_MAX)
				return false;
			args[(*args_n)++] = segment;
		} else if (!str_equal(wanted, segment)) {
			return false;
		}
	}
	return !want.n && !path.n;
}

/* An argument that is too long, or no text, is of nothing that we have. */
static bool
args_decode(struct call *call, const struct str *args, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t bytes;

		if (args[i].n >= CALL_ARG_BYTES || !web_decode(args[i], false, call->args_text[i], &bytes))
			return false;
		call->args[i] = (struct str){call->args_text[i], bytes};
	}
	return true;
}

int
route_find(struct call *call, char *allowed, size_t allowed_bytes)
{
	/* HEAD is GET, and the server leaves the body out (RFC 9110, section 9.3.2). */
	struct str method = str_equal(call->web->method, STR("HEAD")) ? STR("GET") : call->web->method;
	size_t filled = 0;

	allowed[0] = '\0';
	for (size_t i = 0; i < routes_count; i++) {
		struct str args[CALL_ARGS_MAX];
		size_t n;

		if (!path_matches(routes[i].path, call->web->path, args, &n))
			continue;
		if (str_equal(method, str_of(routes[i].method))) {
			call->route = &routes[i];
			return args_decode(call, args, n) ? 0 : 404;
		}
		if (filled < allowed_bytes)
			filled +=
			    (size_t)snprintf(allowed + filled, allowed_bytes - filled, "%s%s%s", filled ? ", " : "",
					     routes[i].method, strcmp(routes[i].method, "GET") == 0 ? ", HEAD" : "");
	}
	return filled ? 405 : 404;
}
