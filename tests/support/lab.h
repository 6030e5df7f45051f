/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lab - a test's hands on the real servers of a stack: queues made and looked into, servers killed and frozen
 * Speaks rabbitmq-c and ops/stack itself, never what is under test. Whatever fails here ends the test. Environment:
 * TRIBUTARY_VAR (the stack's folder), AMQP_ADMIN_URL, REDIS_ADMIN_URL.
 */
#ifndef TRIBUTARY_TESTS_LAB_H
#define TRIBUTARY_TESTS_LAB_H

#include "base/outcome.h"
#include "broker/rabbitmq_c.h"

/* lab_share / lab_alone - begin a test that leaves the servers alone / that ends or stops them; skips without a stack.
 * Tests run side by side: those alone wait for all others. */
void lab_share(void);
void lab_alone(void);

const char *lab_amqp_url(void);
const char *lab_redis_url(void);
/* lab_name - "lab.<what>.<pid>", so that no two runs meet; lives until the process ends */
const char *lab_name(const char *what);

/* lab_server - ops/stack/server ACTION NAME */
void lab_server(const char *action, const char *name);
/* lab_server_later - the same from a process of its own, after ms; wait for it with lab_join */
int lab_server_later(int ms, const char *action, const char *name);
void lab_join(int job);
/* lab_alarm - RabbitMQ's memory alarm on or off */
void lab_alarm(bool is_on);
int lab_alarm_later(int ms, bool is_on);

/* lab_queue - a durable quorum queue; max_length > 0: refuses more (a classic one, which counts exactly) */
void lab_queue(const char *name, int max_length);
/*
 * lab_queue_saved - wait until the quorum queue would survive a kill of the broker
 * RabbitMQ 3.10 writes a new queue's name down once its list of names was left alone for 500 ms. Killed before, it
 * starts the queue anew, empty and without a leader, and never comes back from that by itself.
 */
void lab_queue_saved(const char *name);
void lab_queue_delete(const char *name);
/* lab_depth - messages ready in the queue; -1 when there is none */
int lab_depth(const char *name);
/* lab_exchange - a topic exchange; an internal one refuses every publish */
void lab_exchange(const char *name, bool is_internal);
void lab_bind(const char *queue, const char *exchange, const char *key);
/* lab_publish - one message to a queue, as a stranger would send it */
void lab_publish(const char *queue, const amqp_basic_properties_t *properties, struct str body);
/* lab_reject - take one message of the queue and reject it, so that the broker dead-letters it */
void lab_reject(const char *queue);
/* lab_dead_letter_queue - a classic queue whose rejects go to `to` */
void lab_dead_letter_queue(const char *name, const char *to);

/* lab_rss_kib - resident memory of this process, 0 with a sanitizer, which keeps what is freed; lab_cpu_us - CPU time it used */
int64_t lab_rss_kib(void);
int64_t lab_cpu_us(void);

#endif
