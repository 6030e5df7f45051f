/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/door.h"

#include "base/instant.h"
#include "gateway/route.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A bucket for when Redis is away. */
struct bucket {
	double tokens;
	int64_t at_us; /* monotonic; 0: never used, which is full */
};

struct door {
	const struct party_list *parties;
	pthread_rwlock_t keys_lock; /* readers check, the renewer swaps */
	struct access_keys *keys;   /* NULL: not known yet */
	int64_t renew_at_us;        /* monotonic */
	pthread_mutex_t buckets_lock;
	struct bucket *buckets; /* one per party */
};

struct door *
door_new(const struct party_list *parties)
{
	struct door *door = calloc(1, sizeof *door);

	if (!door)
		return NULL;
	door->parties = parties;
	door->buckets = calloc(party_list_count(parties) + 1, sizeof *door->buckets);
	pthread_rwlock_init(&door->keys_lock, NULL);
	pthread_mutex_init(&door->buckets_lock, NULL);
	if (door->buckets)
		return door;
	door_free(door);
	return NULL;
}

void
door_free(struct door *door)
{
	if (!door)
		return;
	access_keys_free(door->keys);
	pthread_rwlock_destroy(&door->keys_lock);
	pthread_mutex_destroy(&door->buckets_lock);
	free(door->buckets);
	free(door);
}

enum outcome
door_renew(struct door *door, struct store *store, struct arena *arena, struct why *why)
{
	struct access_keys *fresh, *old;
	enum outcome outcome;

	if (monotonic_us() < door->renew_at_us)
		return OUTCOME_OK;
	outcome = access_keys_load(store, arena, &fresh, why);
	if (outcome != OUTCOME_OK)
		return outcome;
	door->renew_at_us = monotonic_us() + DOOR_KEYS_MS * 1000;
	pthread_rwlock_wrlock(&door->keys_lock);
	old = door->keys;
	door->keys = fresh;
	pthread_rwlock_unlock(&door->keys_lock);
	access_keys_free(old);
	return OUTCOME_OK;
}

bool
door_is_ready(struct door *door)
{
	bool is_ready;

	pthread_rwlock_rdlock(&door->keys_lock);
	is_ready = door->keys != NULL;
	pthread_rwlock_unlock(&door->keys_lock);
	return is_ready;
}

/* The secret of an Authorization header: "Bearer", blanks, the token. Empty when it is another scheme. */
static struct str
bearer_of(const struct call *call)
{
	struct str header = str_trim(web_header(call->web, "Authorization"));
	struct str scheme = {header.p, header.n < 7 ? header.n : 7};

	if (!str_equal_fold(scheme, STR("bearer ")))
		return (struct str){NULL, 0};
	return str_trim(str_after(header, 7));
}

/* Who calls; false when it was answered. */
static bool
caller_know(struct door *door, struct call *call)
{
	struct why why = {0};
	enum outcome outcome = OUTCOME_AWAY;
	struct str token = bearer_of(call);
	struct api_key_parts parts;
	bool is_known = false;

	pthread_rwlock_rdlock(&door->keys_lock);
	if (door->keys) {
		outcome = access_check(door->keys, token, instant_now_us(), &call->caller, &why);
		/* For what is written down about the refusal; it gives no right. */
		if (outcome != OUTCOME_OK && api_key_parse(token, &parts))
			is_known = access_keys_get(door->keys, parts.id) != NULL;
		if (is_known)
			snprintf(call->refused_key, sizeof call->refused_key, "%.*s", STR_ARGS(parts.id));
	}
	pthread_rwlock_unlock(&door->keys_lock);
	if (outcome == OUTCOME_OK)
		return true;
	call->caller = (struct access_caller){.scopes = 0};
	if (outcome == OUTCOME_AWAY) {
		(void)why_set(&why, OUTCOME_AWAY, "keys-away", "the keys are not known yet");
		call_away(call, &why);
		return false;
	}
	call->code = why.code;
	call_problem(call, 401, "key-not-valid", "send Authorization: Bearer with a key that is valid here");
	return false;
}

/* The party that the path names: the caller's own, unless he is of the fleet's people. */
static bool
party_know(struct door *door, struct call *call, struct str named)
{
	call->party = party_list_find(door->parties, named.n ? named : str_of(call->caller.party));
	if (named.n && !call_may_see_all(call) && !str_equal(named, str_of(call->caller.party))) {
		call->party = NULL;
		call_problem(call, 403, "party-other", "the key is another party's");
		return false;
	}
	if (call->party)
		return true;
	call_problem(call, 404, "party-unknown", "there is no party of this name");
	return false;
}

bool
door_enter(struct door *door, struct call *call)
{
	const struct route *route = call->route;
	bool names_party = strstr(route->path, "{party}") != NULL;

	if (route->is_signed) {
		call->party = party_list_find(door->parties, call->args[0]);
		if (call->party && call->party->hook.scheme != PARTY_SCHEME_NONE)
			return true;
		call->party = NULL;
		call_problem(call, 404, "hook-unknown", "nothing is sent here");
		return false;
	}
	if (!route->scope)
		return true;
	if (!caller_know(door, call))
		return false;
	if (!(call->caller.scopes & (route->scope | SCOPE_OPERATE))) {
		char scopes[SCOPES_TEXT_BYTES];

		scopes_format(route->scope, scopes);
		call_problem(call, 403, "scope-missing", "the key has not the scope %s", scopes);
		return false;
	}
	return party_know(door, call, names_party ? call->args[0] : (struct str){NULL, 0});
}

/* --- quotas ----------------------------------------------------------------------------------------------------------- */

static int64_t
bucket_take(struct door *door, size_t index, const struct party_door *rule, int64_t n)
{
	struct bucket *b = &door->buckets[index];
	int64_t now_us = monotonic_us(), granted;
	double tokens;

	pthread_mutex_lock(&door->buckets_lock);
	tokens = b->at_us ? b->tokens + (double)(now_us - b->at_us) * (double)rule->requests_per_second_micro / 1e12
			  : (double)rule->burst;
	if (tokens > (double)rule->burst)
		tokens = (double)rule->burst;
	granted = tokens >= (double)n ? n : (int64_t)tokens;
	b->tokens = tokens - (double)granted;
	b->at_us = now_us;
	pthread_mutex_unlock(&door->buckets_lock);
	return granted;
}

static void
quota_refuse(struct call *call)
{
	const struct party_door *rule = &call->party->door;
	int64_t wait_s = 1 + 1000000 / rule->requests_per_second_micro;
	char seconds[24];

	snprintf(seconds, sizeof seconds, "%lld", (long long)wait_s);
	call_header(call, "Retry-After", str_of(seconds));
	call_problem(call, 429, "quota", "more requests than were agreed upon with this party; again in %s s", seconds);
}

/* It is the party's, as far as can be known, and was not counted before. */
static bool
is_countable(const struct call *call, const struct party *party)
{
	return call->party == party && !call->is_counted && (!call->route->is_signed || call->is_proven);
}

size_t
door_admit(struct door *door, struct keys *keys, struct call **calls, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct party *party = calls[i]->party;
		int64_t wanted = 0, granted;

		if (!party || !is_countable(calls[i], party))
			continue;
		for (size_t k = i; k < n; k++)
			wanted += is_countable(calls[k], party);
		if (!keys_take(keys, str_of(party->name), party->door.requests_per_second_micro, party->door.burst,
			       wanted, &granted))
			granted = bucket_take(door, party_list_index(door->parties, str_of(party->name)), &party->door,
					      wanted);
		for (size_t k = i; k < n; k++)
			if (is_countable(calls[k], party)) {
				calls[k]->is_counted = true;
				if (granted-- <= 0)
					quota_refuse(calls[k]);
			}
	}
	for (size_t i = 0; i < n; i++)
		if (!calls[i]->is_answered)
			calls[kept++] = calls[i];
	return kept;
}
