/* SPDX-License-Identifier: Apache-2.0 */
#include "support/lab.h"

#include "broker/url.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANNEL 1
#define NAME_BYTES 128
#define NAMES_MAX 16 /* of one test */
#define COMMAND_BYTES 1024
#define SAVED_TRIES 200
#define SAVED_PAUSE_US 50000

/* --- beginning, names ------------------------------------------------------------------------------------------- */

static void
lab_lock(int how)
{
	const char *var = getenv("TRIBUTARY_VAR");
	char path[512];
	int fd;

	if (!var || !getenv("AMQP_ADMIN_URL"))
		cr_skip_test("needs a stack: TRIBUTARY_VAR, AMQP_ADMIN_URL");
	snprintf(path, sizeof path, "%s/lab.lock", var);
	/* Held until the test's process ends. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	cr_assert(fd >= 0 && flock(fd, how) == 0, "lock %s", path);
}

void
lab_share(void)
{
	lab_lock(LOCK_SH);
}

void
lab_alone(void)
{
	lab_lock(LOCK_EX);
}

const char *
lab_amqp_url(void)
{
	return getenv("AMQP_ADMIN_URL");
}

const char *
lab_redis_url(void)
{
	return getenv("REDIS_ADMIN_URL");
}

const char *
lab_name(const char *what)
{
	static char names[NAMES_MAX][NAME_BYTES];
	static size_t used;
	char *name = names[used++];

	cr_assert(used < NAMES_MAX);
	snprintf(name, NAME_BYTES, "lab.%s.%d", what, (int)getpid());
	return name;
}

/* --- servers ---------------------------------------------------------------------------------------------------- */

static int
command_start(int ms, const char *command)
{
	int pid = fork();

	cr_assert(pid >= 0);
	if (pid > 0)
		return pid;
	usleep((useconds_t)ms * 1000);
	execl("/bin/bash", "bash", "-c", command, (char *)NULL);
	_exit(127);
}

void
lab_join(int job)
{
	int status = 0;

	cr_assert(waitpid(job, &status, 0) == job);
	cr_assert(status == 0, "a command on the stack failed: %d", status);
}

int
lab_server_later(int ms, const char *action, const char *name)
{
	char command[COMMAND_BYTES];

	snprintf(command, sizeof command, "exec ops/stack/server --var \"$TRIBUTARY_VAR\" %s %s", action, name);
	return command_start(ms, command);
}

void
lab_server(const char *action, const char *name)
{
	lab_join(lab_server_later(0, action, name));
}

int
lab_alarm_later(int ms, bool is_on)
{
	char command[COMMAND_BYTES];

	snprintf(command, sizeof command,
		 ". \"$TRIBUTARY_VAR/stack.conf\"; d=$TRIBUTARY_VAR/rabbitmq; "
		 "HOME=$d LC_ALL=C.UTF-8 ERL_EPMD_PORT=$((port_base + 75)) RABBITMQ_CONF_ENV_FILE=/nonexistent "
		 "exec /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmqctl -q -n \"$(<\"$d/node\")\" "
		 "set_vm_memory_high_watermark absolute %s",
		 is_on ? "1" : "1GB");
	return command_start(ms, command);
}

void
lab_alarm(bool is_on)
{
	lab_join(lab_alarm_later(0, is_on));
}

/* --- RabbitMQ --------------------------------------------------------------------------------------------------- */

static amqp_connection_state_t
admin_open(void)
{
	amqp_connection_state_t c = amqp_new_connection();
	struct timeval limit = {10, 0};
	const char *problem;
	struct url url;

	cr_assert(url_parse(str_of(lab_amqp_url()), &url, &problem), "%s", problem);
	cr_assert(amqp_socket_open_noblock(amqp_tcp_socket_new(c), url.host, (int)url.port, &limit) == AMQP_STATUS_OK);
	amqp_set_rpc_timeout(c, &limit);
	cr_assert(amqp_login(c, url.path, 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, url.user, url.password).reply_type ==
		  AMQP_RESPONSE_NORMAL);
	cr_assert(amqp_channel_open(c, CHANNEL));
	url_release(&url);
	return c;
}

static void
admin_close(amqp_connection_state_t c, const char *what)
{
	cr_assert(amqp_get_rpc_reply(c).reply_type == AMQP_RESPONSE_NORMAL, "%s", what);
	amqp_connection_close(c, AMQP_REPLY_SUCCESS);
	amqp_destroy_connection(c);
}

static amqp_table_entry_t
argument(const char *key, const char *value)
{
	return (amqp_table_entry_t){.key = amqp_cstring_bytes(key),
				    .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(value)}};
}

static void
queue_declare(const char *name, amqp_table_entry_t *arguments, int n)
{
	amqp_connection_state_t c = admin_open();

	amqp_queue_declare(c, CHANNEL, amqp_cstring_bytes(name), 0, 1, 0, 0, (amqp_table_t){n, arguments});
	admin_close(c, name);
}

void
lab_queue(const char *name, int max_length)
{
	amqp_table_entry_t quorum[] = {argument("x-queue-type", "quorum")};
	amqp_table_entry_t full[] = {
	    argument("x-overflow", "reject-publish"),
	    {.key = amqp_cstring_bytes("x-max-length"),
	     .value = {.kind = AMQP_FIELD_KIND_I64, .value.i64 = max_length}},
	};

	if (max_length)
		queue_declare(name, full, COUNT_OF(full));
	else
		queue_declare(name, quorum, COUNT_OF(quorum));
}

static bool
file_contains(const char *path, const char *text)
{
	char bytes[65536];
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;

	if (f)
		fclose(f);
	return memmem(bytes, n, text, strlen(text)) != NULL;
}

void
lab_queue_saved(const char *name)
{
	char pattern[COMMAND_BYTES];
	bool is_saved = false;

	snprintf(pattern, sizeof pattern, "%s/rabbitmq/mnesia/node/quorum/*/names.dets", getenv("TRIBUTARY_VAR"));
	for (int try = 0; try < SAVED_TRIES && !is_saved; try++) {
		glob_t found = {0};

		(void)usleep(SAVED_PAUSE_US);
		if (glob(pattern, 0, NULL, &found) == 0)
			is_saved = file_contains(found.gl_pathv[0], name);
		globfree(&found);
	}
	cr_assert(is_saved, "RabbitMQ did not write down queue %s", name);
}

void
lab_dead_letter_queue(const char *name, const char *to)
{
	amqp_table_entry_t arguments[] = {argument("x-dead-letter-exchange", ""),
					  argument("x-dead-letter-routing-key", to)};

	queue_declare(name, arguments, COUNT_OF(arguments));
}

void
lab_queue_delete(const char *name)
{
	amqp_connection_state_t c = admin_open();

	amqp_queue_delete(c, CHANNEL, amqp_cstring_bytes(name), 0, 0);
	admin_close(c, name);
}

int
lab_depth(const char *name)
{
	amqp_connection_state_t c = admin_open();
	amqp_queue_declare_ok_t *ok =
	    amqp_queue_declare(c, CHANNEL, amqp_cstring_bytes(name), 1, 0, 0, 0, amqp_empty_table);
	int depth = ok ? (int)ok->message_count : -1;

	amqp_destroy_connection(c);
	return depth;
}

void
lab_exchange(const char *name, bool is_internal)
{
	amqp_connection_state_t c = admin_open();

	amqp_exchange_declare(c, CHANNEL, amqp_cstring_bytes(name), amqp_cstring_bytes("topic"), 0, 1, 0, is_internal,
			      amqp_empty_table);
	admin_close(c, name);
}

void
lab_bind(const char *queue, const char *exchange, const char *key)
{
	amqp_connection_state_t c = admin_open();

	amqp_queue_bind(c, CHANNEL, amqp_cstring_bytes(queue), amqp_cstring_bytes(exchange), amqp_cstring_bytes(key),
			amqp_empty_table);
	admin_close(c, key);
}

void
lab_publish(const char *queue, const amqp_basic_properties_t *properties, struct str body)
{
	amqp_connection_state_t c = admin_open();

	cr_assert(amqp_basic_publish(c, CHANNEL, amqp_empty_bytes, amqp_cstring_bytes(queue), 0, 0, properties,
				     (amqp_bytes_t){body.n, (void *)(uintptr_t)body.p}) == AMQP_STATUS_OK);
	/* An RPC after it: the broker has read the message by now. */
	amqp_queue_declare(c, CHANNEL, amqp_cstring_bytes(queue), 1, 0, 0, 0, amqp_empty_table);
	admin_close(c, queue);
}

void
lab_reject(const char *queue)
{
	amqp_connection_state_t c = admin_open();
	amqp_rpc_reply_t reply = amqp_basic_get(c, CHANNEL, amqp_cstring_bytes(queue), 0);
	amqp_message_t message;
	uint64_t tag;

	cr_assert(reply.reply_type == AMQP_RESPONSE_NORMAL && reply.reply.id == AMQP_BASIC_GET_OK_METHOD);
	tag = ((amqp_basic_get_ok_t *)reply.reply.decoded)->delivery_tag;
	cr_assert(amqp_read_message(c, CHANNEL, &message, 0).reply_type == AMQP_RESPONSE_NORMAL);
	amqp_destroy_message(&message);
	cr_assert(amqp_basic_reject(c, CHANNEL, tag, 0) == AMQP_STATUS_OK);
	amqp_queue_declare(c, CHANNEL, amqp_cstring_bytes(queue), 1, 0, 0, 0, amqp_empty_table);
	admin_close(c, queue);
}

/* --- this process ----------------------------------------------------------------------------------------------- */

int64_t
lab_rss_kib(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	cr_assert(f && fscanf(f, "%*d %ld", &pages) == 1);
	fclose(f);
#ifdef __SANITIZE_ADDRESS__
	pages = 0;
#endif
	return (int64_t)pages * sysconf(_SC_PAGESIZE) / 1024;
}

int64_t
lab_cpu_us(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return ((int64_t)r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 + r.ru_utime.tv_usec + r.ru_stime.tv_usec;
}
