/* SPDX-License-Identifier: Apache-2.0 */
/*
 * party - who we exchange documents with: one account at one channel or warehouse
 * Each is a folder PARTIES_DIR/<name>/ with a party.yaml; folders without one (lib) are no party. Read once at the
 * start and never changed, so the list lives as long as the process.
 *
 * To add a key: a field here, a row of the schema and a check in party_yaml.c, a line in topology/parties/README.md.
 */
#ifndef TRIBUTARY_PARTY_PARTY_H
#define TRIBUTARY_PARTY_PARTY_H

#include "base/outcome.h"

#include <stdio.h>

#define PARTY_NAME_BYTES 41 /* longest name with its NUL */

enum party_kind {
	PARTY_CHANNEL, /* sends orders */
	PARTY_WMS,     /* ships them */
};

/* What it is sent about its orders. Each is a function of its mapping, with _ for the hyphen. */
enum party_sends {
	PARTY_ORDER_RESPONSE, /* 855, ORDRSP */
	PARTY_SHIP_NOTICE,    /* 856, DESADV */
	PARTY_INVOICE,        /* 810, INVOIC */
	PARTY_SENDS,
};

enum party_backorder {
	PARTY_BACKORDER_HOLD,  /* what is short makes the order wait for a person */
	PARTY_BACKORDER_ALLOW, /* the rest goes on; what is short is let wait for stock by a person, or is not */
	PARTY_BACKORDER_FILL,  /* the rest goes on, and what is short gets stock that comes by itself */
};

/* A channel's; what party.yaml leaves out is the strictest: hold, no tolerance. */
struct party_policies {
	enum party_backorder backorder;
	int64_t price_tolerance_percent_micro; /* of a line's price; 2 % is 2000000 */
	int64_t total_tolerance_minor;         /* of the grand total, in the document's currency */
};

/* A warehouse's; a channel has none (url_env is NULL). */
struct party_connection {
	const char *url_env;           /* environment variable that holds the base URL */
	const char *token_env;         /* of the bearer token; NULL when the partner asks for none */
	int64_t timeout_ms;            /* of one call */
	int64_t concurrency;           /* calls at a time */
	int64_t rate_per_second_micro; /* calls per second, of each process; 0: no limit */
	bool can_probe;                /* what it was asked for can be looked up: GET …/v1/shipments/<reference> */
};

/* Of one that sends CSV; what a file itself does not say (formats/csv_tree.h). */
struct party_csv {
	char delimiter, quote; /* quote NUL: nothing is quoted */
	bool has_header;
	const char *encoding;
	const char *const *columns; /* NULL: the header's */
	size_t columns_count;
};

/* How a sender proves that a webhook is its own; shared/hook/hook.h checks it. */
enum party_scheme {
	PARTY_SCHEME_NONE,              /* it sends none: nothing else of its hook is set */
	PARTY_SCHEME_SHOPIFY,           /* base64 of the body's HMAC-SHA256 */
	PARTY_SCHEME_WOOCOMMERCE,       /* the same in another header */
	PARTY_SCHEME_STRIPE,            /* "t=SECONDS,v1=HEX", over "SECONDS.body" */
	PARTY_SCHEME_STANDARD_WEBHOOKS, /* "v1,BASE64", over "id.SECONDS.body" */
	PARTY_SCHEME_HMAC_SHA256,       /* the body's, as header, encoding and prefix say */
	PARTY_SCHEME_BASIC,             /* user and password (RFC 7617) */
	PARTY_SCHEME_TOKEN,             /* the secret itself, in a header */
	PARTY_SCHEMES,
};

enum party_encoding { PARTY_HEX, PARTY_BASE64 };

/* What is done with a webhook. */
enum party_verdict {
	PARTY_REFUSE, /* answered as an error, so that its sender tells somebody */
	PARTY_IGNORE, /* answered as taken, and nothing is done */
	PARTY_TAKE,   /* becomes a document of its kind */
};

struct party_topic {
	const char *name;           /* as the sender writes it: orders/create */
	enum party_verdict verdict; /* PARTY_IGNORE or PARTY_TAKE */
	const char *kind;           /* PARTY_TAKE: order change cancel document shipment acknowledgement inventory */
};

/* Its webhooks. What party.yaml leaves out is here as the scheme has it; NULL: there is none. */
struct party_hook {
	enum party_scheme scheme;
	const char *secret_env; /* environment variable that holds the secret, or two of them */
	const char *header;     /* that has the signature or secret */
	const char *prefix;     /* before it there; "" for none */
	enum party_encoding encoding;
	const char *topic_header,
	    *topic_pointer;                 /* where its topic stands, at most one; a JSON Pointer into the body */
	const char *id_header, *id_pointer; /* of the delivery, at most one */
	int64_t tolerance_s;                /* between its time and ours; 0: the scheme has no time */
	int64_t answer_within_ms;
	const struct party_topic *topics;
	size_t topics_count;
	struct party_topic otherwise; /* what holds for any other topic, or none; name is NULL */
};

#define PARTY_BODY_BYTES_MAX (INT64_C(8) << 20) /* ingest refuses more (DOCUMENT_BYTES) */

/* What the gateway lets in of it, over HTTP. */
struct party_door {
	int64_t requests_per_second_micro;
	int64_t burst;      /* requests at once */
	int64_t body_bytes; /* of one request, at most */
};

struct party {
	const char *name; /* also of its folder: 1..40 lowercase letters, digits, hyphens */
	const char *title;
	const char *format; /* of what it sends: json x12 edifact xml csv msgpack */
	const char *currency;
	const char *time_zone;
	enum party_kind kind;
	bool is_acknowledged;      /* each interchange of it with a 997 or CONTRL */
	bool is_sent[PARTY_SENDS]; /* by enum party_sends */
	struct party_policies policies;
	struct party_connection connection;
	struct party_csv csv;
	struct party_hook hook;
	struct party_door door;
};

struct party_list;

/*
 * party_list_load - every party under `dir`, in order of their names
 * errors  one line per problem, of all files; any problem makes it return NULL
 */
struct party_list *party_list_load(const char *dir, FILE *errors);
void party_list_free(struct party_list *list); /* NULL is fine */

size_t party_list_count(const struct party_list *list);
const struct party *party_list_at(const struct party_list *list, size_t index);
/* party_list_index - the party's place in the list; the list's count when there is none of that name */
size_t party_list_index(const struct party_list *list, struct str name);
/* party_list_find - NULL when there is none of that name */
const struct party *party_list_find(const struct party_list *list, struct str name);

const char *party_kind_name(enum party_kind kind);
/* party_sends_name - order-response, ship-notice, invoice */
const char *party_sends_name(enum party_sends what);
/* party_scheme_name - shopify, standard-webhooks ...; none */
const char *party_scheme_name(enum party_scheme scheme);
/* party_has_outbound - is there anything that we send it? Then there is a queue outbound.<party> */
bool party_has_outbound(const struct party *party);

#endif
