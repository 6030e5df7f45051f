/* SPDX-License-Identifier: Apache-2.0 */
#include "../../ops/cli/file.h"
#include "../../ops/cli/mirror.h"
#include "base/instant.h"
#include "scratch.h"

#include <pthread.h>

#define SAYS(s, text) cr_assert(strstr((s)->output, text), "%s", (s)->output)

static int
load(struct scratch *s, bool is_json)
{
	char *argv[] = {(char[]){"mirror"}, (char[]){"load"}, s->folder, is_json ? (char[]){"--json"} : NULL, NULL};

	return scratch_run(s, mirror_command, is_json ? 4 : 3, argv);
}

static int
load_as_of(struct scratch *s, int64_t minutes_ago)
{
	char at[INSTANT_TEXT_BYTES],
	    *argv[] = {(char[]){"mirror"}, (char[]){"load"}, s->folder, (char[]){"--as-of"}, at, NULL};

	instant_format(instant_now_us() - minutes_ago * 60000000, at);
	return scratch_run(s, mirror_command, 5, argv);
}

static void
mirror_open(struct scratch *s, const char *name)
{
	static const char *const files[] = {"0001_mirror.sql", "0002_orders.sql", "0014_audit_log.sql"};

	scratch_open(s, name);
	scratch_script(s, "CREATE SCHEMA tributary");
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		struct str sql;

		cr_assert_eq(file_read("migrations", files[i], s->arena, &sql, &s->why), OUTCOME_OK, "%s", s->why.text);
		scratch_script(s, sql.p);
	}
}

static void
good_files(struct scratch *s)
{
	scratch_file(
	    s, "warehouses.csv",
	    "warehouse,name,partner,priority,active\nEAST,East,sandbox-wms,1,true\nWEST,West,sandbox-wms,2,yes\n");
	scratch_file(s, "customers.csv",
		     "customer_no,name,email,gln,price_group,currency,active\n"
		     "C1,\"Smith, \"\"Bob\"\" & Co\",bob@example.com,4012345000009,A,USD,true\nC2,Zoë,,,,EUR,1\n");
	scratch_file(s, "customer_accounts.csv", "party,account,customer_no\nshopify,77,C1\nwoocommerce,77,C2\n");
	scratch_file(s, "items.csv",
		     "item_no,description,gtin,base_unit,tax_code,stocked,active\r\n"
		     "I1,Bolt,4006381333931,EA,STD,true,true\r\nI2,Gift card,,EA,NONE,false,true\r\n");
	scratch_file(s, "item_aliases.csv", "alias,party,item_no\nBOLT,,I1\nBOLT,shopify,I2\n");
	scratch_file(s, "item_units.csv", "item_no,unit,factor\nI1,BX,12.5\n");
	scratch_file(
	    s, "prices.csv",
	    "item_no,kind,customer_no,price_group,contract_no,currency,unit,min_quantity,price,valid_from,valid_to\n"
	    "I1,list,,,,USD,EA,0,0.0375,2026-01-01,\nI1,list,,,,USD,EA,100,0.03,2026-01-01,\n"
	    "I1,contract,C1,,K-1,USD,EA,0,0.029999,2026-01-01,2026-12-31\nI1,group,,A,,USD,EA,0,0.035,2026-01-01,\n");
	scratch_file(s, "tax_rates.csv", "tax_code,country,region,rate\nSTD,US,TX,6.25\nSTD,US,,0\n");
	scratch_file(s, "stock.csv", "item_no,warehouse,on_hand\nI1,EAST,100\nI1,WEST,2.5\n");
}

Test(mirror, files_become_the_tables, .timeout = 60)
{
	struct scratch s;

	mirror_open(&s, "mirror_load");
	good_files(&s);
	cr_assert_eq(load(&s, false), 0, "%s", s.output);
	SAYS(&s, "prices.csv                   4 rows: 4 new, 0 changed, 0 gone\n");
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.customers WHERE"
					" name = 'Smith, \"Bob\" & Co' AND price_group = 'A' AND gln IS NOT NULL"),
		     1);
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.customers WHERE email IS NULL AND gln IS NULL"),
		     1);
	cr_assert_eq(scratch_number(&s, "SELECT price_micro FROM tributary.prices WHERE kind = 'contract'"), 29999);
	cr_assert_eq(scratch_number(&s, "SELECT factor_micro FROM tributary.item_units"), 12500000);
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.item_aliases WHERE party = ''"), 1);
	cr_assert_eq(scratch_number(&s, "SELECT rate_micro FROM tributary.tax_rates WHERE region = 'TX'"), 6250000);
	cr_assert_eq(scratch_number(&s, "SELECT on_hand_micro FROM tributary.stock WHERE warehouse = 'WEST'"), 2500000);
	scratch_close(&s);
}

Test(mirror, the_same_again_changes_nothing, .timeout = 60)
{
	struct scratch s;

	mirror_open(&s, "mirror_again");
	good_files(&s);
	cr_assert_eq(load(&s, false), 0, "%s", s.output);
	cr_assert_eq(load(&s, true), 0);
	for (const char *p = strstr(s.output, "\"rows\":"); p; p = strstr(p + 1, "\"rows\":"))
		cr_assert(strncmp(strchr(p, ','), ",\"new\":0,\"changed\":0,\"gone\":0}", 30) == 0, "%s", s.output);
	SAYS(&s, "{\"ok\":true,\"files\":[{\"file\":\"warehouses.csv\",");
	SAYS(&s, "],\"problems\":[],\"problems_count\":0,\"kept\":[],\"kept_count\":0,\"error\":null}\n");
	scratch_close(&s);
}

Test(mirror, a_file_is_the_whole_truth_and_a_missing_one_is_none, .timeout = 60)
{
	struct scratch s;
	char command[256];

	mirror_open(&s, "mirror_truth");
	good_files(&s);
	cr_assert_eq(load(&s, false), 0, "%s", s.output);
	snprintf(command, sizeof command, "rm %s/*.csv", s.folder);
	cr_assert_eq(system(command), 0);
	scratch_file(
	    &s, "items.csv",
	    "active,item_no,description,gtin,base_unit,tax_code,stocked\ntrue,I1,Bolt M8,4006381333931,EA,STD,true\n");
	scratch_file(
	    &s, "prices.csv",
	    "item_no,kind,customer_no,price_group,contract_no,currency,unit,min_quantity,price,valid_from,valid_to\n"
	    "I1,list,,,,USD,EA,0,0.0375,2026-01-01,\nI1,group,,A,,USD,EA,0,0.036,2026-01-01,\n");
	scratch_file(&s, "stock.csv", "item_no,warehouse,on_hand\nI1,EAST,90\n");
	cr_assert_eq(load(&s, false), 0, "%s", s.output);
	SAYS(&s, "items.csv                    1 rows: 0 new, 1 changed, 1 gone\n");
	SAYS(&s, "prices.csv                   2 rows: 1 new, 0 changed, 3 gone\n");
	SAYS(&s, "stock.csv                    1 rows: 0 new, 1 changed, 1 gone\n");
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.items WHERE item_no = 'I2' AND NOT active"), 1);
	cr_assert_eq(scratch_number(&s, "SELECT on_hand_micro FROM tributary.stock WHERE warehouse = 'WEST'"), 0);
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.prices"), 2);
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.customers WHERE active"), 2);
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.item_aliases"), 2);
	scratch_close(&s);
}

Test(mirror, bad_rows_are_named_by_file_line_and_column_and_nothing_is_loaded, .timeout = 60)
{
	struct scratch s;

	mirror_open(&s, "mirror_bad");
	good_files(&s);
	scratch_file(&s, "items.csv",
		     "item_no,description,gtin,base_unit,tax_code,stocked,active\n"
		     "I1,\"two\nlines\",,,STD,maybe,true\n,Nut,4006381333932,EA,STD,true,true\nI3,short,,EA\n"
		     "I4,a,,EA,STD,true,true\nI4,b,,EA,STD,true,true\n");
	scratch_file(
	    &s, "prices.csv",
	    "item_no,kind,customer_no,price_group,contract_no,currency,unit,min_quantity,price,valid_from,valid_to\n"
	    "I1,list,C1,,,USD,EA,0,1,2026-01-01,\nI1,special,,,,USD,EA,0,1,2026-01-01,\n"
	    "I1,contract,,,,US$,EA,-1,0.0000001,2026-02-30,\nI1,list,,,,USD,EA,0,1,2026-02-01,2026-01-01\n");
	scratch_file(&s, "tax_rates.csv", "tax_code,country,rate,rats\nSTD,US,1,2\n");
	scratch_file(&s, "stock.csv", "item_no,warehouse,on_hand\nI1,EAST,-1\nI1,WEST,\"5\n");
	cr_assert_eq(load(&s, false), 1);
	SAYS(&s, "items.csv:2: column description: holds a control character\n");
	SAYS(&s, "items.csv:2: column base_unit: is empty\n");
	SAYS(&s, "items.csv:2: column stocked: must be true or false\n");
	SAYS(&s, "items.csv:4: column item_no: is empty\n");
	SAYS(&s, "items.csv:4: column gtin: is no GTIN: its check digit is wrong\n");
	SAYS(&s, "items.csv:5: 4 fields instead of 7\n");
	SAYS(&s, "items.csv:7: the same as line 6 already says, again\n");
	SAYS(&s, "prices.csv:2: column customer_no: must stand with kind contract, and only there\n");
	SAYS(&s, "prices.csv:3: column kind: must be contract, group or list\n");
	SAYS(&s, "prices.csv:4: column currency: is no currency code (ISO 4217)\n");
	SAYS(&s, "prices.csv:4: column min_quantity: must not be negative\n");
	SAYS(&s, "prices.csv:4: column price: is no decimal number with at most six places, like 12.5\n");
	SAYS(&s, "prices.csv:4: column valid_from: is no date like 2026-01-31\n");
	SAYS(&s, "prices.csv:5: column valid_to: 2026-01-01 is before valid_from, 2026-02-01\n");
	SAYS(&s, "tax_rates.csv:1: unknown column rats\n");
	SAYS(&s, "tax_rates.csv:1: column region is missing\n");
	SAYS(&s, "stock.csv:2: column on_hand: must not be negative\n");
	SAYS(&s, "stock.csv:3: a quote that is never closed\n");
	SAYS(&s, "nothing was loaded\n");
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.warehouses"), 0);
	scratch_close(&s);
}

Test(mirror, what_refers_to_nothing_is_named_by_line, .timeout = 60)
{
	struct scratch s;

	mirror_open(&s, "mirror_reference");
	good_files(&s);
	scratch_file(&s, "item_aliases.csv", "alias,party,item_no\nA,,I1\nB,,I9\n");
	scratch_file(&s, "customer_accounts.csv", "party,account,customer_no\nshopify,1,C9\n");
	scratch_file(&s, "stock.csv", "item_no,warehouse,on_hand\nI1,NORTH,1\n");
	cr_assert_eq(load(&s, false), 1);
	SAYS(&s, "item_aliases.csv:3: column item_no: I9 is unknown\n");
	SAYS(&s, "customer_accounts.csv:2: column customer_no: C9 is unknown\n");
	SAYS(&s, "stock.csv:2: column warehouse: NORTH is unknown\n");
	SAYS(&s, "tributary mirror: 3 problems; nothing was loaded\n");
	cr_assert_eq(load(&s, true), 1);
	SAYS(&s, "{\"file\":\"item_aliases.csv\",\"line\":3,\"column\":\"item_no\",\"reason\":\"I9 is unknown\"}");
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.items"), 0);
	scratch_close(&s);
}

/* An ERP that books what was shipped before the warehouse confirms it here has less: nothing is free then, nothing is taken back,
 * and the other files are loaded. */
Test(mirror, stock_below_what_is_reserved_is_taken_as_that, .timeout = 60)
{
	struct scratch s;

	mirror_open(&s, "mirror_reserved");
	good_files(&s);
	cr_assert_eq(load(&s, false), 0, "%s", s.output);
	scratch_script(&s, "UPDATE tributary.stock SET reserved_micro = 7000000 WHERE warehouse = 'EAST'");
	scratch_script(&s, "UPDATE tributary.stock SET reserved_micro = 1500000 WHERE warehouse = 'WEST'");
	scratch_file(&s, "stock.csv", "item_no,warehouse,on_hand\nI1,EAST,5\n");
	cr_assert_eq(load(&s, false), 0, "%s", s.output);
	SAYS(&s, "stock.csv:2: column on_hand: on_hand 5 is below the 7 reserved: taken as that, none of it is free\n");
	SAYS(&s, "stock.csv: I1 in WEST is missing, but has 1.5 reserved: taken as that, none of it is free\n");
	cr_assert_eq(scratch_number(&s, "SELECT sum(on_hand_micro)::bigint FROM tributary.stock"), 8500000);
	cr_assert_eq(scratch_number(&s, "SELECT sum(on_hand_micro - reserved_micro)::bigint FROM tributary.stock"), 0);
	cr_assert_eq(load(&s, true), 0, "%s", s.output);
	SAYS(&s, "\"kept_count\":2");
	scratch_script(&s, "UPDATE tributary.stock SET reserved_micro = 0");
	cr_assert_eq(load(&s, false), 0, "%s", s.output);
	cr_assert_not(strstr(s.output, "reserved"), "%s", s.output);
	cr_assert_eq(scratch_number(&s, "SELECT on_hand_micro FROM tributary.stock WHERE warehouse = 'EAST'"), 5000000);
	cr_assert_eq(scratch_number(&s, "SELECT on_hand_micro FROM tributary.stock WHERE warehouse = 'WEST'"), 0);
	scratch_close(&s);
}

/* Exported at ten, shipped at five past, loaded at ten past: what left is not there again. */
Test(mirror, what_has_shipped_since_the_export_is_taken_off, .timeout = 60)
{
	char path[256];
	struct scratch s;

	mirror_open(&s, "mirror_as_of");
	good_files(&s);
	scratch_file(&s, "stock.csv", "item_no,warehouse,on_hand\nI1,EAST,10\nI1,WEST,10\n");
	cr_assert_eq(load(&s, false), 0, "%s", s.output);
	scratch_script(
	    &s,
	    "SET session_replication_role = replica;"
	    "INSERT INTO tributary.confirmations SELECT ('00000000-0000-5000-8000-00000000000' || n)::uuid,"
	    " ('00000000-0000-5000-8000-10000000000' || n)::uuid, '00000000-0000-5000-8000-200000000000', 'R', NULL,"
	    " NULL, now(), now() - n * interval '1 hour', '' FROM generate_series(1, 3) n;"
	    "INSERT INTO tributary.reservations SELECT order_id, 1, CASE WHEN n = 2 THEN 'WEST' ELSE 'EAST' END, 'I1',"
	    " shipment_id, 4000000, 3000000 + n * 100000, 'open' FROM (SELECT *, row_number() OVER (ORDER BY "
	    "confirmed_at"
	    " DESC) AS n FROM tributary.confirmations) c");
	scratch_script(&s, "UPDATE tributary.stock SET reserved_micro = 9000000 WHERE warehouse = 'WEST'");
	cr_assert_eq(load_as_of(&s, 150), 0, "%s", s.output);
	SAYS(&s, "stock.csv              of 2 rows what has shipped since the export was taken off\n");
	cr_assert_eq(scratch_number(&s, "SELECT on_hand_micro FROM tributary.stock WHERE warehouse = 'EAST'"), 6900000);
	cr_assert_eq(scratch_number(&s, "SELECT on_hand_micro FROM tributary.stock WHERE warehouse = 'WEST'"), 9000000,
		     "never below what is reserved");
	cr_assert_eq(scratch_number(&s, "SELECT count(*) FROM tributary.audit_log WHERE target_id = 'stock.csv'"
					" AND (after->>'shipped_since')::int = 2"),
		     1);
	/* A folder without stock.csv leaves the stock alone: there it was taken off when it was booked. */
	snprintf(path, sizeof path, "%s/stock.csv", s.folder);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(load_as_of(&s, 150), 0, "%s", s.output);
	cr_assert_not(strstr(s.output, "shipped since"), "%s", s.output);
	cr_assert_eq(scratch_number(&s, "SELECT sum(on_hand_micro)::bigint FROM tributary.stock"), 15900000);
	scratch_file(&s, "stock.csv", "item_no,warehouse,on_hand\nI1,EAST,10\nI1,WEST,10\n");
	cr_assert_eq(load(&s, false), 0, "%s", s.output);
	cr_assert_eq(scratch_number(&s, "SELECT sum(on_hand_micro)::bigint FROM tributary.stock"), 20000000);
	cr_assert_eq(load_as_of(&s, 60 * 24 * 31), 2);
	SAYS(&s, "a time of the last 30 days");
	scratch_close(&s);
}

Test(mirror, files_that_are_not_meant_are_not_passed_over, .timeout = 60)
{
	struct scratch s;

	mirror_open(&s, "mirror_files");
	cr_assert_eq(load(&s, false), 1);
	SAYS(&s, "none of the files is there");
	scratch_file(&s, "price.csv", "");
	cr_assert_eq(load(&s, false), 1);
	SAYS(&s, "price.csv is none of the files that are loaded");
	scratch_close(&s);
}

/* What allocate does: takes the rows in (item_no, warehouse) order, holds them a moment, reserves, lets go. */
struct rival {
	struct scratch *scratch;
	int deadlocks, rounds;
	volatile bool is_done;
};

static void *
rival_run(void *context)
{
	static const struct statement take = {
	    "take", "", "SELECT item_no FROM tributary.stock ORDER BY item_no, warehouse FOR UPDATE"};
	static const struct statement reserve = {
	    "reserve", "",
	    "UPDATE tributary.stock SET reserved_micro = reserved_micro + 1 WHERE on_hand_micro > reserved_micro"};
	struct rival *rival = context;
	struct arena *arena = arena_new(1 << 20);
	struct why why;
	struct store *store = scratch_connect(&rival->scratch->config, &why);

	for (; !rival->is_done; rival->rounds++) {
		struct result *result;

		store_begin(store);
		if (store_query(store, rows_new(&take, arena), &result, &why) == OUTCOME_OK)
			store_send(store, rows_new(&reserve, arena));
		rival->deadlocks += store_commit(store, &why) != OUTCOME_OK;
		arena_clear(arena);
	}
	store_free(store);
	arena_free(arena);
	return NULL;
}

static void
stock_file(const struct scratch *s, bool is_upwards)
{
	char text[32768] = "item_no,warehouse,on_hand\n";
	size_t n = strlen(text);

	for (int i = 0; i < 500; i++) {
		int item = is_upwards ? i : 499 - i;

		n += (size_t)snprintf(text + n, sizeof text - n, "S%03d,EAST,%d\nS%03d,WEST,%d\n", item,
				      1000 + is_upwards, item, 1000 + is_upwards);
	}
	scratch_file(s, "stock.csv", text);
}

Test(mirror, loading_beside_allocate_never_deadlocks_nor_oversells, .timeout = 120)
{
	struct scratch s;
	struct rival rival = {.scratch = &s};
	pthread_t thread;
	char text[32768] = "item_no,description,gtin,base_unit,tax_code,stocked,active\n";

	mirror_open(&s, "mirror_beside");
	good_files(&s);
	for (int i = 0; i < 500; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "S%03d,x,,EA,STD,true,true\n", i);
	snprintf(text + strlen(text), sizeof text - strlen(text), "I1,x,,EA,STD,true,true\nI2,x,,EA,STD,true,true\n");
	scratch_file(&s, "items.csv", text);
	stock_file(&s, true);
	cr_assert_eq(load(&s, false), 0, "%s", s.output);
	pthread_create(&thread, NULL, rival_run, &rival);
	for (int i = 0; i < 20; i++) {
		stock_file(&s, i % 2);
		cr_assert_eq(load(&s, false), 0, "%s", s.output);
	}
	rival.is_done = true;
	pthread_join(thread, NULL);
	cr_assert_eq(rival.deadlocks, 0, "of %d", rival.rounds);
	cr_assert_gt(rival.rounds, 0);
	scratch_close(&s);
}

Test(mirror, usage_is_exit_2)
{
	static struct scratch s;
	char *argv[] = {(char[]){"mirror"}, (char[]){"save"}, (char[]){"x"}, NULL};

	cr_assert_eq(scratch_run(&s, mirror_command, 3, argv), 2);
	SAYS(&s, "usage: tributary mirror load DIR");
	SAYS(&s, "  stock.csv: item_no, warehouse, on_hand\n");
}
