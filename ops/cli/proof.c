/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary proof - that nothing which was written down was changed since
 * SYNOPSIS  tributary proof check [--since AGE] [--head HASH] [--json]
 * READS     timeline, audit_log, documents with their bodies, timeline_seals, timeline_heads, timeline_days, timeline_dropped
 * Whoever owns the database can delete the newest seals with their rows, or make all of them anew. A head that was written
 * down elsewhere finds it: keep the one that `check` prints, and give it to --head later.
 */
#include "age.h"
#include "commands.h"
#include "database.h"
#include "dispatch.h"
#include "options.h"
#include "proof_print.h"

#include "proof/check.h"

#include <inttypes.h>
#include <stdio.h>

#define TIMEOUT_MS 120000
#define ARENA_BYTES ((size_t)1 << 20)
#define JSON_BYTES ((size_t)1 << 20)

struct wish {
	const char *since, *head;
	bool as_json;
};

static const struct option_row check_rows[] = {
    {"since", OPTION_TEXT, offsetof(struct wish, since), "AGE",
     .help = "only what was sealed since: 90m, 12h, 7d; what is older is believed"},
    {"head", OPTION_TEXT, offsetof(struct wish, head), "HASH",
     .help = "a head that was written down: it must still be part of the chain"},
    {"json", OPTION_FLAG, offsetof(struct wish, as_json), .help = "for programs"},
};
static const struct options check_options = {"tributary proof check [--since AGE] [--head HASH] [--json]",
					     "Computes every seal again from the rows and documents it covers. Prints "
					     "the chain's head: write it down elsewhere.",
					     check_rows,
					     COUNT_OF(check_rows),
					     0,
					     0};

static void
summary_print(const struct proof_summary *s, const struct proof_findings *f)
{
	char hex[PROOF_HEX_BYTES];

	proof_findings_print(f);
	printf("%s: %" PRId64 " rows in %" PRId64 " seals, %" PRId64 " not sealed yet\n",
	       f->count ? "NOT verified" : "verified", s->rows_count, s->seals_count, s->unsealed_count);
	if (s->days_count)
		printf("%" PRId64 " rows are hashes alone: their %" PRId64 " days were dropped by retention\n",
		       s->dropped_count, s->days_count);
	if (s->newest_batch_no)
		printf("head %s of seal %" PRId64 ", %s UTC\n", proof_hex(s->newest_hash, PROOF_HASH_BYTES, hex),
		       s->newest_batch_no, s->newest_sealed_at);
}

static void
summary_json(const struct proof_summary *s, const struct proof_findings *f)
{
	char hex[PROOF_HEX_BYTES];
	struct buf out;

	buf_init(&out, JSON_BYTES);
	buf_printf(&out, "{\"is_verified\":%s,\"rows\":%" PRId64 ",\"seals\":%" PRId64 ",\"unsealed\":%" PRId64,
		   f->count ? "false" : "true", s->rows_count, s->seals_count, s->unsealed_count);
	buf_printf(&out, ",\"dropped_days\":%" PRId64 ",\"dropped_rows\":%" PRId64, s->days_count, s->dropped_count);
	if (s->newest_batch_no)
		buf_printf(&out, ",\"head\":\"%s\",\"newest_seal\":%" PRId64 ",\"sealed_at\":\"%s\"",
			   proof_hex(s->newest_hash, PROOF_HASH_BYTES, hex), s->newest_batch_no, s->newest_sealed_at);
	buf_printf(&out, ",\"findings_count\":%zu,\"findings\":", f->count);
	proof_findings_json(f, &out);
	puts(buf_is_ok(&out) ? (buf_put_char(&out, '}'), buf_text(&out)) : "{\"is_verified\":false}");
	buf_release(&out);
}

static int
check_run(const struct wish *wish, const struct proof_range *range)
{
	struct proof_findings findings = {.arena = arena_new(ARENA_BYTES)};
	struct proof_summary summary;
	struct database db = {0};
	struct why why = {0};
	int status = EXIT_NO;

	if (findings.arena && database_open(&db, "proof", TIMEOUT_MS, TIMEOUT_MS)) {
		if (proof_verify_batches(db.store, range, &summary, &findings, &why) != OUTCOME_OK) {
			fprintf(stderr, "tributary proof: %s: %s\n", why.code, why.text);
		} else {
			(wish->as_json ? summary_json : summary_print)(&summary, &findings);
			status = findings.count ? EXIT_NO : EXIT_YES;
		}
	}
	database_close(&db);
	arena_free(findings.arena);
	return status;
}

static int
check_command(int argc, char **argv)
{
	unsigned char head[PROOF_HASH_BYTES];
	struct proof_range range = {0};
	struct wish wish = {0};
	int status;

	if (!options_read(&check_options, argc, argv, &wish, NULL, NULL, &status))
		return status;
	if (wish.since && !age_read(wish.since, &range.since_us)) {
		fprintf(stderr, "tributary proof check: --since is an age: 90m, 12h, 7d\n");
		return EXIT_WRONG;
	}
	if (wish.head && !proof_unhex(wish.head, head)) {
		fprintf(stderr, "tributary proof check: --head is 64 hexadecimal digits, as check prints them\n");
		return EXIT_WRONG;
	}
	if (wish.head)
		range.head = (struct str){(const char *)head, sizeof head};
	return check_run(&wish, &range);
}

int
proof_command(int argc, char **argv)
{
	static const struct command commands[] = {
	    {"check", "compute every seal again, and print the head to be written down", check_command},
	};
	static const struct command_table table = {
	    .program = "tributary proof",
	    .summary = "that nothing which was written down was changed since",
	    .commands = commands,
	    .n = COUNT_OF(commands),
	};

	return dispatch(&table, argc, argv);
}
