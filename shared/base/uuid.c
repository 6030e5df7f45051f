/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uuid.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Random once, fixed for ever: ids already stored depend on it. The last byte is the kind. */
static const unsigned char namespace_base[16] = {0x8e, 0x1d, 0x5b, 0x0a, 0x93, 0x4c, 0x4f, 0x7e,
						 0xa6, 0x21, 0x3c, 0x70, 0xd9, 0x15, 0xb2, 0x00};

#define PLACE_BYTES 6 /* of a version 8: what neighbours have in common */
#define PLACE_FRACTION_BITS 26
#define TIME_SHIFT_BITS 12 /* of milliseconds: what came within 4 s has one place, and 32 bits are 557 years */

static pthread_once_t fetched_once = PTHREAD_ONCE_INIT;
static EVP_MD *fetched_sha256, *fetched_sha1; /* as long as the process lives */

static void
algorithms_fetch(void)
{
	fetched_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	fetched_sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
}

/* OpenSSL looks an algorithm that is only named up at each digest, under locks. */
static void
digest(EVP_MD *const *algorithm, const struct str *parts, size_t parts_count, unsigned char *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	pthread_once(&fetched_once, algorithms_fetch);
	if (!ctx || !EVP_DigestInit_ex(ctx, *algorithm, NULL))
		abort();
	for (size_t i = 0; i < parts_count; i++)
		EVP_DigestUpdate(ctx, parts[i].p, parts[i].n);
	EVP_DigestFinal_ex(ctx, out, NULL);
	EVP_MD_CTX_free(ctx);
}

void
sha256(struct str bytes, unsigned char out[static 32])
{
	digest(&fetched_sha256, &bytes, 1, out);
}

struct uuid
uuid_derive(enum uuid_kind kind, const struct str *parts, size_t parts_count)
{
	unsigned char space[16], lengths[8][4], hash[20];
	struct str pieces[17];
	struct uuid id;
	size_t n = 0;

	if (parts_count > COUNT_OF(lengths))
		abort();
	memcpy(space, namespace_base, sizeof space);
	space[15] = (unsigned char)kind;
	pieces[n++] = (struct str){(const char *)space, sizeof space};
	for (size_t i = 0; i < parts_count; i++) {
		for (size_t b = 0; b < 4; b++)
			lengths[i][b] = (unsigned char)(parts[i].n >> (8 * b));
		pieces[n++] = (struct str){(const char *)lengths[i], 4};
		pieces[n++] = parts[i];
	}
	digest(&fetched_sha1, pieces, n, hash);
	memcpy(id.bytes, hash, 16);
	id.bytes[6] = (unsigned char)((id.bytes[6] & 0x0f) | 0x50);
	id.bytes[8] = (unsigned char)((id.bytes[8] & 0x3f) | 0x80);
	return id;
}

static unsigned
version_of(struct uuid id)
{
	return id.bytes[6] >> 4;
}

static void
version_8_set(struct uuid *id)
{
	id->bytes[6] = (unsigned char)((id->bytes[6] & 0x0f) | 0x80);
}

struct uuid
uuid_derive_near(enum uuid_kind kind, struct uuid parent, struct str what, struct uuid near)
{
	struct str parts[] = {{(const char *)parent.bytes, 16}, what};
	struct uuid id = uuid_derive(kind, parts, 2);

	if (version_of(near) == 8) {
		memcpy(id.bytes, near.bytes, PLACE_BYTES);
		version_8_set(&id);
	}
	return id;
}

struct uuid
uuid_derive_from(enum uuid_kind kind, struct uuid parent, struct str what)
{
	return uuid_derive_near(kind, parent, what, parent);
}

/* The digits of an identifier as a number: the first 18 behind leading zeros. */
static uint64_t
digits_value(struct str s)
{
	uint64_t value = 0;
	int count = 0;

	for (size_t i = 0; i < s.n && count < 18; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9') {
			value = value * 10 + (uint64_t)(s.p[i] - '0');
			count += value > 0;
		}
	return value;
}

/* As a floating-point number without sign keeps its order: length first, then what is behind the first bit. */
static uint32_t
place_of(uint64_t value)
{
	unsigned bits = value ? 64 - (unsigned)__builtin_clzll(value) : 0;
	uint64_t first = bits > PLACE_FRACTION_BITS ? value >> (bits - 1 - PLACE_FRACTION_BITS)
			 : bits                     ? value << (PLACE_FRACTION_BITS + 1 - bits)
						    : 0;

	return bits << PLACE_FRACTION_BITS | (uint32_t)(first & ((1U << PLACE_FRACTION_BITS) - 1));
}

/* The party, and where among its ids this one lies. */
static void
place_set(struct uuid *id, struct str party, uint32_t place)
{
	unsigned char hash[32];

	sha256(party, hash);
	memcpy(id->bytes, hash, 2);
	for (size_t i = 0; i < 4; i++)
		id->bytes[2 + i] = (unsigned char)(place >> (24 - 8 * i));
	version_8_set(id);
}

struct uuid
uuid_of_order(struct str party, struct str identifier)
{
	struct uuid id = uuid_derive(UUID_ORDER, (struct str[]){party, identifier}, 2);

	place_set(&id, party, place_of(digits_value(identifier)));
	return id;
}

struct uuid
uuid_of_order_formerly(struct str party, struct str identifier)
{
	return uuid_derive(UUID_ORDER, (struct str[]){party, identifier}, 2);
}

bool
uuid_is_of_order(struct uuid id, struct str party, struct str identifier)
{
	return uuid_equal(id, uuid_of_order(party, identifier)) ||
	       uuid_equal(id, uuid_of_order_formerly(party, identifier));
}

/* The time of a UUID of version 7, or the number in any other id; false: there is neither. */
static bool
message_place(struct str message_id, uint32_t *place)
{
	struct uuid id;
	uint64_t ms = 0, number = digits_value(message_id);

	if (!uuid_parse(message_id, &id) || version_of(id) != 7) {
		*place = place_of(number);
		return number > 0;
	}
	for (size_t i = 0; i < 6; i++)
		ms = ms << 8 | id.bytes[i];
	*place = (uint32_t)(ms >> TIME_SHIFT_BITS);
	return true;
}

struct uuid
uuid_of_document(struct str party, struct str message_id, struct str routing_key, struct str body)
{
	unsigned char hash[32];
	struct str parts[4] = {party, message_id, routing_key, {(const char *)hash, sizeof hash}};
	struct uuid id;
	uint32_t place;

	sha256(body, hash);
	id = uuid_derive(UUID_MESSAGE, parts, 4);
	if (message_place(message_id, &place))
		place_set(&id, party, place);
	return id;
}

struct uuid
uuid_random(void)
{
	struct uuid id;

	if (getrandom(id.bytes, sizeof id.bytes, 0) != (ssize_t)sizeof id.bytes)
		abort();
	id.bytes[6] = (unsigned char)((id.bytes[6] & 0x0f) | 0x40);
	id.bytes[8] = (unsigned char)((id.bytes[8] & 0x3f) | 0x80);
	return id;
}

struct uuid
uuid_of_time(int64_t us)
{
	struct uuid id = uuid_random();
	uint64_t ms = (uint64_t)(us / 1000);

	for (int i = 5; i >= 0; i--, ms >>= 8)
		id.bytes[i] = (unsigned char)ms;
	id.bytes[6] = (unsigned char)((id.bytes[6] & 0x0f) | 0x70);
	return id;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
uuid_parse(struct str s, struct uuid *out)
{
	struct uuid id;
	size_t n = 0;

	if (s.n != 36 || s.p[8] != '-' || s.p[13] != '-' || s.p[18] != '-' || s.p[23] != '-')
		return false;
	for (size_t i = 0; i < 36;) {
		int high, low;

		if (s.p[i] == '-') {
			i++;
			continue;
		}
		high = hex_value(s.p[i]);
		low = hex_value(s.p[i + 1]);
		if (high < 0 || low < 0)
			return false;
		id.bytes[n++] = (unsigned char)(high * 16 + low);
		i += 2;
	}
	*out = id;
	return true;
}

void
uuid_format(struct uuid id, char out[static UUID_TEXT_BYTES])
{
	static const char hex[] = "0123456789abcdef";
	char *p = out;

	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[id.bytes[i] >> 4];
		*p++ = hex[id.bytes[i] & 15];
	}
	*p = '\0';
}

bool
uuid_equal(struct uuid a, struct uuid b)
{
	return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

bool
uuid_is_nil(struct uuid id)
{
	return uuid_equal(id, (struct uuid){{0}});
}

int
uuid_compare(struct uuid a, struct uuid b)
{
	return memcmp(a.bytes, b.bytes, sizeof a.bytes);
}

int64_t
uuid_lock_key(struct uuid id)
{
	int64_t key;

	memcpy(&key, version_of(id) == 8 ? id.bytes + 8 : id.bytes, sizeof key);
	return key;
}
