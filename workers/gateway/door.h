/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door - who may come in, and how often
 * The keys are a snapshot of Postgres, renewed every DOOR_KEYS_MS: a key that is revoked is refused after that long at
 * the latest, and while Postgres is away those known last go on being good. The quotas' buckets are in Redis, shared by
 * all gateways; while it is away each gateway has buckets of its own.
 */
#ifndef TRIBUTARY_GATEWAY_DOOR_H
#define TRIBUTARY_GATEWAY_DOOR_H

#include "gateway/call.h"
#include "keys/keys.h"
#include "store/store.h"

#define DOOR_KEYS_MS 2000

struct door;

/* door_new - no keys yet; NULL without memory. The parties are borrowed for its life. */
struct door *door_new(const struct party_list *parties);
void door_free(struct door *door); /* NULL is fine */

/* door_renew - loads the keys when they are due. When they cannot be had the old ones stay. */
enum outcome door_renew(struct door *door, struct store *store, struct arena *arena, struct why *why) MUST_CHECK;

/* door_is_ready - the keys are known */
bool door_is_ready(struct door *door);

/*
 * door_enter - after the route is known and before the body is read: who is it, and may he?
 * Fills the call's caller and party. Any thread.
 * Returns true, or false when the call was answered: 401 (one answer whatever is wrong with the key), 403, 404, 503.
 */
bool door_enter(struct door *door, struct call *call);

/*
 * door_admit - the quotas, for a set of calls that came together
 * A webhook counts once its signature was found right (is_proven), not before: else anybody could use up a party's quota.
 * Calls that are beyond their party's are answered with 429 and Retry-After; the others move to the front.
 * keys  of the calling thread
 * Returns how many are left.
 */
size_t door_admit(struct door *door, struct keys *keys, struct call **calls, size_t n);

#endif
