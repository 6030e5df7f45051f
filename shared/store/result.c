/* SPDX-License-Identifier: Apache-2.0 */
#include "store/result.h"

#include "store/bug.h"

#include <stdlib.h>
#include <string.h>

#define EPOCH_2000_US INT64_C(946684800000000)

/* Types of the server's catalogue (pg_type.dat); in binary, json is its text. */
enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_NAME = 19,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_JSON = 114,
	OID_BPCHAR = 1042,
	OID_VARCHAR = 1043,
	OID_TIMESTAMPTZ = 1184,
	OID_UUID = 2950,
};

bool
result_push(struct result **list, PGresult *pg)
{
	struct result *r = malloc(sizeof *r);

	if (!r) {
		PQclear(pg);
		return false;
	}
	*r = (struct result){*list, pg};
	*list = r;
	return true;
}

void
result_free_all(struct result **list)
{
	while (*list) {
		struct result *r = *list;

		*list = r->next;
		PQclear(r->pg);
		free(r);
	}
}

size_t
result_count(const struct result *r)
{
	return (size_t)PQntuples(r->pg);
}

static void
place_check(const struct result *r, size_t row, size_t column)
{
	if (row >= result_count(r) || column >= (size_t)PQnfields(r->pg))
		store_bug("row %zu, column %zu of a result of %d rows, %d columns", row, column, PQntuples(r->pg),
			  PQnfields(r->pg));
}

static void
type_check(const struct result *r, size_t column, Oid expected)
{
	if (PQftype(r->pg, (int)column) != expected)
		store_bug("result column %s is of type %u, read as %u", PQfname(r->pg, (int)column),
			  PQftype(r->pg, (int)column), expected);
}

bool
result_is_null(const struct result *r, size_t row, size_t column)
{
	place_check(r, row, column);
	return PQgetisnull(r->pg, (int)row, (int)column);
}

/* The cell's bytes; the same for NULL and for empty. */
static struct str
cell(const struct result *r, size_t row, size_t column)
{
	return (struct str){PQgetvalue(r->pg, (int)row, (int)column),
			    (size_t)PQgetlength(r->pg, (int)row, (int)column)};
}

/* A big-endian integer of whatever width the cell has. */
static int64_t
cell_int(struct str s)
{
	uint64_t v = s.n && (unsigned char)s.p[0] & 0x80 ? UINT64_MAX : 0;

	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | (unsigned char)s.p[i];
	return (int64_t)v;
}

struct uuid
result_uuid(const struct result *r, size_t row, size_t column)
{
	struct uuid id = {{0}};

	place_check(r, row, column);
	type_check(r, column, OID_UUID);
	if (!result_is_null(r, row, column))
		memcpy(id.bytes, cell(r, row, column).p, sizeof id.bytes);
	return id;
}

struct str
result_text(const struct result *r, size_t row, size_t column)
{
	Oid type;

	place_check(r, row, column);
	type = PQftype(r->pg, (int)column);
	if (type != OID_JSON && type != OID_NAME && type != OID_VARCHAR && type != OID_BPCHAR)
		type_check(r, column, OID_TEXT);
	return cell(r, row, column);
}

struct str
result_bytes(const struct result *r, size_t row, size_t column)
{
	place_check(r, row, column);
	type_check(r, column, OID_BYTEA);
	return cell(r, row, column);
}

int64_t
result_int(const struct result *r, size_t row, size_t column)
{
	Oid type;

	place_check(r, row, column);
	type = PQftype(r->pg, (int)column);
	if (type != OID_INT2 && type != OID_INT4)
		type_check(r, column, OID_INT8);
	return cell_int(cell(r, row, column));
}

bool
result_bool(const struct result *r, size_t row, size_t column)
{
	place_check(r, row, column);
	type_check(r, column, OID_BOOL);
	return cell_int(cell(r, row, column)) != 0;
}

int64_t
result_instant(const struct result *r, size_t row, size_t column)
{
	place_check(r, row, column);
	type_check(r, column, OID_TIMESTAMPTZ);
	if (result_is_null(r, row, column))
		return 0;
	return cell_int(cell(r, row, column)) + EPOCH_2000_US;
}
