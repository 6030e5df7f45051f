/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document is built as a tree and written as JSON. Channels, messages and operations come from the topology; what it
 * does not know (the envelope, what stands for what) is in the tables below.
 */
#include "asyncapi.h"

#include "formats/json.h"
#include "model/model.h"

#include <string.h>

#define INDENT_COLUMNS 2
#define TEXT_MAX_BYTES 2048

#define BYTES_MESSAGE "bytes"

struct maker {
	const struct topology *topology;
	struct arena *arena;
	struct node spare; /* where things go after memory failed */
	bool has_failed;
};

struct header {
	const char *name;
	const char *type; /* of JSON Schema */
	const char *meaning;
};

static const struct header headers[] = {
    {"party", "string", "the channel or partner it is about"},
    {"origin", "string", "of a dead letter or a retry: the queue it failed in"},
    {"code", "string", "of a dead letter: why, one of ops/error-codes.md"},
    {"path", "string", "of a dead letter: the field"},
    {"reason", "string", "of a dead letter: why, for a person"},
    {"traceparent", "string", "W3C trace context; carried on from message to message"},
    {"idempotency-key", "string", "on intake: the sender's own, kept with the document"},
    {"after", "string", "message_id of the order's message that must be settled before this one"},
    {"said-us", "integer", "when it was published, microseconds since 1970-01-01 UTC"},
    {"attempt", "integer", "how often it waited for a retry; absent at first"},
    {"v", "integer", "version of the payload's contract"},
    {"message_id", "string",
     "AMQP property: UUID of an event, the sender's own on intake; the same message again has the same"},
    {"correlation_id", "string", "AMQP property: the order's UUID; of a part of a document, the document's message_id"},
    {"type", "string", "AMQP property: the event"},
    {"app_id", "string", "AMQP property: the worker that said it"},
    {"timestamp", "integer", "AMQP property: seconds since 1970-01-01 UTC"},
};

static const struct {
	const char *exchange, *address, *title, *message;
} exchanges[] = {
    {TOPOLOGY_INTAKE, "{party}.{kind}", "Documents of parties, as they are: JSON, XML, X12, EDIFACT or CSV",
     BYTES_MESSAGE},
    {TOPOLOGY_RETRY, "{tier}.{queue}", "Inside the fleet: waits in the tier's queue, then comes home", "any"},
    {TOPOLOGY_HOME, "{tier}.{queue}",
     "Inside the fleet: straight to one queue; the tier is \"now\" of what is released or replayed", "any"},
    {TOPOLOGY_DEAD_LETTER, NULL, "What a worker or the broker gave up on, as it was", "any"},
    {TOPOLOGY_UNROUTED, NULL, "What no queue is bound for", "any"},
    {TOPOLOGY_REJECTED, NULL, "What the last reader there is could not read, or gave back", "any"},
};

static const struct {
	const char *name, *meaning;
} parameters[] = {
    {"party", "a folder of topology/parties"},
    {"kind",
     "order, change, cancel, document, shipment, acknowledgement or inventory; others as the party's mapping has them"},
    {"scope", "the order's party or the warehouse's partner; of shipment.confirmed both: <partner>.<party>"},
    {"tier", "one of the retry tiers"},
    {"queue", "a queue's name"},
};

/* --- building ------------------------------------------------------------------------------------------------------- */

static struct node *
put(struct maker *m, struct node *parent, const char *key, enum node_type type, const char *text)
{
	struct node *n = node_new(m->arena, type, 0);

	if (!n || (text && !(n->text = arena_str(m->arena, str_of(text))).p)) {
		m->has_failed = true;
		return &m->spare;
	}
	if (parent->type == NODE_OBJECT && !(n->key = arena_str(m->arena, str_of(key))).p)
		m->has_failed = true;
	node_append(parent, n);
	return n;
}

static struct node *
object_put(struct maker *m, struct node *parent, const char *key)
{
	return put(m, parent, key, NODE_OBJECT, NULL);
}

__attribute__((format(printf, 4, 5))) static void
text_put(struct maker *m, struct node *parent, const char *key, const char *format, ...)
{
	char text[TEXT_MAX_BYTES];
	va_list args;

	va_start(args, format);
	m->has_failed |= vsnprintf(text, sizeof text, format, args) >= (int)sizeof text;
	va_end(args);
	put(m, parent, key, NODE_TEXT, text);
}

static void
flag_put(struct maker *m, struct node *parent, const char *key, bool value)
{
	put(m, parent, key, NODE_BOOL, value ? "true" : "false");
}

static void
reference_put(struct maker *m, struct node *parent, const char *key, const char *to, const char *name)
{
	text_put(m, object_put(m, parent, key), "$ref", "%s%s", to, name);
}

static struct node *
amqp_put(struct maker *m, struct node *parent)
{
	return object_put(m, object_put(m, parent, "bindings"), "amqp");
}

/* --- channels ------------------------------------------------------------------------------------------------------- */

/* Those whose {name} stands in the address. */
static void
parameters_put(struct maker *m, struct node *channel, const char *address)
{
	struct node *list = NULL;

	for (size_t i = 0; i < COUNT_OF(parameters); i++) {
		struct node *parameter;
		char name[64];

		snprintf(name, sizeof name, "{%s}", parameters[i].name);
		if (!strstr(address, name))
			continue;
		if (!list)
			list = object_put(m, channel, "parameters");
		parameter = object_put(m, list, parameters[i].name);
		text_put(m, parameter, "description", "%s", parameters[i].meaning);
	}
}

/* A channel of an exchange; address NULL where a routing key means nothing. */
static void
channel_put(struct maker *m, struct node *channels, const char *name, const char *address, const char *title,
	    const struct topology_exchange *exchange, const char *message)
{
	struct node *channel = object_put(m, channels, name), *amqp, *of;

	if (address)
		text_put(m, channel, "address", "%s", address);
	else
		put(m, channel, "address", NODE_NULL, NULL);
	text_put(m, channel, "title", "%s", title);
	reference_put(m, object_put(m, channel, "messages"), message, "#/components/messages/", message);
	if (address)
		parameters_put(m, channel, address);
	amqp = amqp_put(m, channel);
	text_put(m, amqp, "is", "routingKey");
	of = object_put(m, amqp, "exchange");
	text_put(m, of, "name", "%s", exchange->name);
	text_put(m, of, "type", "%s", exchange->type);
	flag_put(m, of, "durable", true);
	flag_put(m, of, "autoDelete", false);
	text_put(m, of, "vhost", "/%s", m->topology->vhost);
	text_put(m, amqp, "bindingVersion", "0.3.0");
}

static void
outbound_put(struct maker *m, struct node *channels)
{
	struct node *channel = object_put(m, channels, "outbound"), *amqp, *of;

	text_put(m, channel, "address", "outbound.{party}");
	text_put(m, channel, "title",
		 "The queue that a party itself reads: what it is answered and sent, in its own format");
	reference_put(m, object_put(m, channel, "messages"), BYTES_MESSAGE, "#/components/messages/", BYTES_MESSAGE);
	parameters_put(m, channel, "{party}");
	amqp = amqp_put(m, channel);
	text_put(m, amqp, "is", "queue");
	of = object_put(m, amqp, "queue");
	text_put(m, of, "name", "outbound.{party}");
	flag_put(m, of, "durable", true);
	flag_put(m, of, "exclusive", false);
	flag_put(m, of, "autoDelete", false);
	text_put(m, of, "vhost", "/%s", m->topology->vhost);
	text_put(m, amqp, "bindingVersion", "0.3.0");
}

static bool
has_contract(const struct topology_event *event)
{
	return model_contract(event->contract) != NULL;
}

static void
channels_put(struct maker *m, struct node *root)
{
	const struct topology *t = m->topology;
	struct node *channels = object_put(m, root, "channels");

	for (size_t i = 0; i < COUNT_OF(exchanges); i++) {
		const struct topology_exchange *exchange = topology_exchange_get(t, exchanges[i].exchange);

		if (exchange)
			channel_put(m, channels, exchange->name, exchanges[i].address, exchanges[i].title, exchange,
				    exchanges[i].message);
	}
	for (size_t i = 0; i < t->events_count; i++) {
		char address[128], title[128];

		snprintf(address, sizeof address, "%s.{scope}", t->events[i].name);
		snprintf(title, sizeof title, "%s, said to whom it may concern", t->events[i].name);
		channel_put(m, channels, t->events[i].name, address, title, topology_exchange_get(t, TOPOLOGY_EVENTS),
			    has_contract(&t->events[i]) ? t->events[i].name : BYTES_MESSAGE);
	}
	outbound_put(m, channels);
}

/* --- operations ----------------------------------------------------------------------------------------------------- */

/* The event that a key of the exchange events is about; NULL: of none alone. */
static const struct topology_event *
event_of(const struct topology *t, const char *key)
{
	for (size_t i = 0; i < t->events_count; i++) {
		size_t n = strlen(t->events[i].name);

		if (strncmp(key, t->events[i].name, n) == 0 && key[n] == '.')
			return &t->events[i];
	}
	return NULL;
}

static const char *
channel_of(const struct topology *t, const struct topology_binding *binding)
{
	const struct topology_event *event = event_of(t, binding->key);

	return strcmp(binding->exchange, TOPOLOGY_EVENTS) == 0 && event ? event->name : binding->exchange;
}

/* said: the event that it sends; NULL: it receives */
static struct node *
operation_put(struct maker *m, struct node *operations, const char *worker, const char *channel,
	      const struct topology_event *said)
{
	char name[256];
	struct node *operation, *amqp;

	snprintf(name, sizeof name, "%s.%s.%s", worker, said ? "says" : "reads", channel);
	operation = object_put(m, operations, name);
	text_put(m, operation, "action", "%s", said ? "send" : "receive");
	reference_put(m, operation, "channel", "#/channels/", channel);
	text_put(m, object_put(m, put(m, operation, "tags", NODE_LIST, NULL), ""), "name", "%s", worker);
	amqp = amqp_put(m, operation);
	if (said) {
		put(m, amqp, "deliveryMode", NODE_NUMBER, "2");
		flag_put(m, amqp, "mandatory", said->subscribed);
	} else {
		flag_put(m, amqp, "ack", true);
	}
	text_put(m, amqp, "bindingVersion", "0.3.0");
	return operation;
}

/* A queue reads of each channel once, by one key or several. */
static void
reads_put(struct maker *m, struct node *operations, const char *worker, const struct topology_queue *queue)
{
	const struct topology *t = m->topology;
	struct node *keys = NULL;
	const char *last = "";

	for (size_t i = 0; i < queue->bindings_count; i++) {
		const char *channel = channel_of(t, &queue->bindings[i]);

		if (strcmp(channel, last) != 0) {
			struct node *operation = operation_put(m, operations, worker, channel, NULL);

			text_put(m, operation, "x-queue", "%s", queue->name);
			keys = put(m, operation, "x-routing-keys", NODE_LIST, NULL);
			last = channel;
		}
		put(m, keys, "", NODE_TEXT, queue->bindings[i].key);
	}
}

static void
operations_put(struct maker *m, struct node *root)
{
	const struct topology *t = m->topology;
	const struct topology_queue *outbound = topology_queue_get(t, TOPOLOGY_OUTBOUND);
	const struct topology_event entered = {.subscribed = true}; /* what came in is mandatory as well */
	struct node *operations = object_put(m, root, "operations");

	for (size_t i = 0; i < t->workers_count; i++) {
		const struct topology_worker *w = &t->workers[i];

		for (size_t j = 0; j < w->reads_count; j++)
			reads_put(m, operations, w->name, topology_queue_get(t, w->reads[j]));
		for (size_t j = 0; j < w->says_count; j++) {
			const struct topology_event *event = topology_event_get(t, w->says[j]);

			operation_put(m, operations, w->name, event->name, event);
		}
		if (w->enters)
			operation_put(m, operations, w->name, TOPOLOGY_INTAKE, &entered);
	}
	if (outbound)
		reads_put(m, operations, "party", outbound);
}

/* --- messages ------------------------------------------------------------------------------------------------------- */

static struct node *
message_put(struct maker *m, struct node *messages, const char *name, const char *title, const char *content_type)
{
	struct node *message = object_put(m, messages, name);

	text_put(m, message, "name", "%s", name);
	text_put(m, message, "title", "%s", title);
	if (content_type)
		text_put(m, message, "contentType", "%s", content_type);
	text_put(m, object_put(m, put(m, message, "traits", NODE_LIST, NULL), ""), "$ref",
		 "#/components/messageTraits/envelope");
	return message;
}

static void
event_message_put(struct maker *m, struct node *messages, const struct topology_event *event)
{
	const struct contract *contract = model_contract(event->contract);
	struct node *message = message_put(m, messages, event->name, contract->title, "application/msgpack");
	char file[128];

	snprintf(file, sizeof file, "%s.v%d.schema.json", contract->name, contract->version);
	reference_put(m, message, "payload", "../contracts/", file);
}

static void
envelope_put(struct maker *m, struct node *components)
{
	struct node *trait = object_put(m, object_put(m, components, "messageTraits"), "envelope");
	struct node *schema = object_put(m, trait, "headers"), *properties;

	text_put(m, schema, "type", "object");
	properties = object_put(m, schema, "properties");
	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		struct node *property = object_put(m, properties, headers[i].name);

		text_put(m, property, "type", "%s", headers[i].type);
		text_put(m, property, "description", "%s", headers[i].meaning);
	}
	text_put(m, object_put(m, trait, "correlationId"), "location", "$message.header#/correlation_id");
}

static void
components_put(struct maker *m, struct node *root)
{
	const struct topology *t = m->topology;
	struct node *components = object_put(m, root, "components"), *schemes;
	struct node *messages = object_put(m, components, "messages");

	for (size_t i = 0; i < t->events_count; i++)
		if (has_contract(&t->events[i]))
			event_message_put(m, messages, &t->events[i]);
	message_put(m, messages, BYTES_MESSAGE, "A document in the party's own format; content_type says which",
		    "application/octet-stream");
	message_put(m, messages, "any", "Any of the others, as it was", NULL);
	envelope_put(m, components);
	schemes = object_put(m, object_put(m, components, "securitySchemes"), "user");
	text_put(m, schemes, "type", "userPassword");
	text_put(m, schemes, "description",
		 "A user per worker and party, who may do what its work is and nothing else.");
}

static void
head_put(struct maker *m, struct node *root)
{
	struct node *info, *server, *variable;

	text_put(m, root, "asyncapi", "3.0.0");
	info = object_put(m, root, "info");
	text_put(m, info, "title", "Tributary");
	text_put(m, info, "version", "1");
	text_put(
	    m, info, "description",
	    "The fleet's exchanges, made by make docs from topology/topology.yaml and the contracts. Operations are "
	    "the "
	    "fleet's: what a worker reads it receives, what it says it sends; a party does the opposite on intake, and "
	    "reads its queue outbound.{party}. Payload schemas are of the contracts' JSON form; on the wire they are "
	    "msgpack maps with the same keys, where decimals are integers of millionths, instants integers of "
	    "microseconds since 1970-01-01 UTC, and UUIDs 16 bytes: `tributary contracts decode` and `encode` "
	    "translate. Each delivery may come more than once, with the same message_id.");
	text_put(m, root, "defaultContentType", "application/msgpack");
	server = object_put(m, object_put(m, root, "servers"), "rabbitmq");
	text_put(m, server, "host", "{host}");
	text_put(m, server, "pathname", "/%s", m->topology->vhost);
	text_put(m, server, "protocol", "amqp");
	text_put(m, server, "protocolVersion", "0.9.1");
	variable = object_put(m, object_put(m, server, "variables"), "host");
	text_put(m, variable, "default", "127.0.0.1:5672");
	text_put(m, object_put(m, put(m, server, "security", NODE_LIST, NULL), ""), "$ref",
		 "#/components/securitySchemes/user");
}

enum outcome
asyncapi_put(struct buf *out, const struct topology *t, struct arena *arena, struct why *why)
{
	struct maker m = {.topology = t, .arena = arena, .spare = {.type = NODE_OBJECT}};
	struct node root = {.type = NODE_OBJECT};

	head_put(&m, &root);
	channels_put(&m, &root);
	operations_put(&m, &root);
	components_put(&m, &root);
	json_put_node(out, &root, INDENT_COLUMNS);
	buf_put_char(out, '\n');
	if (m.has_failed || !buf_is_ok(out))
		return why_set(why, OUTCOME_DEAD, "too-large", "the document is too large");
	return OUTCOME_OK;
}
