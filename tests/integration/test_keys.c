/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis is a hint: one that is frozen, or goes away in the middle, costs its timeout and answers nothing that is not so.
 */
#include "base/instant.h"
#include "keys/keys.h"
#include "support/lab.h"

#include <criterion/criterion.h>
#include <time.h>

#define TIMEOUT_MS 50
#define SMALL_MS 1000 /* beside a time-out: what else a call may take on a busy machine */

static struct uuid ids[600]; /* more than go in one round trip */
static int64_t stamps[COUNT_OF(ids)], seen[COUNT_OF(ids)];

static struct keys *
keys_open(void)
{
	struct why why = {0};
	struct keys *k;

	lab_alone();
	k = keys_new(
	    &(struct keys_config){
		.url = lab_redis_url(), .prefix = "tributary:lab:", .timeout_ms = TIMEOUT_MS, .ttl_ms = 60000},
	    &why);
	cr_assert(k, "%s", why.text);
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		ids[i] = uuid_random();
		stamps[i] = (int64_t)i + 1;
	}
	return k;
}

static void
rest(void)
{
	nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 200000000}, NULL); /* until it is tried again */
}

/* A whole set is marked and seen, at the latest after a few tries. */
static void
works(struct keys *k)
{
	for (int i = 0; i < 10; i++) {
		keys_mark(k, ids, stamps, COUNT_OF(ids));
		keys_seen(k, ids, COUNT_OF(ids), seen);
		if (seen[COUNT_OF(ids) - 1])
			break;
		rest();
	}
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		cr_assert(seen[i] == stamps[i], "%zu: %lld", i, (long long)seen[i]);
}

TestSuite(keys, .timeout = 60);

Test(keys, a_frozen_redis_costs_its_timeout_and_shifts_no_answer)
{
	struct keys *k = keys_open();
	struct uuid other = uuid_random();
	int64_t began_us, took_ms;

	works(k);
	lab_server("freeze", "redis");
	for (int i = 0; i < 3; i++) {
		began_us = monotonic_us();
		keys_seen(k, ids, COUNT_OF(ids), seen);
		keys_mark(k, &other, stamps, 1);
		took_ms = (monotonic_us() - began_us) / 1000;
		cr_expect(took_ms < 3 * TIMEOUT_MS + SMALL_MS, "%lld ms", (long long)took_ms);
		for (size_t n = 0; n < COUNT_OF(ids); n++)
			cr_assert(seen[n] == 0);
		rest();
	}
	lab_server("thaw", "redis");
	rest();
	works(k);
	cr_assert(keys_reconnects(k) >= 1);
	keys_free(k);
}

Test(keys, a_killed_redis_is_found_again)
{
	struct keys *k = keys_open();

	works(k);
	lab_server("kill", "redis");
	keys_seen(k, ids, COUNT_OF(ids), seen);
	cr_assert(seen[0] == 0 && !keys_is_connected(k));
	lab_server("start", "redis");
	rest();
	works(k);
	keys_free(k);
}
