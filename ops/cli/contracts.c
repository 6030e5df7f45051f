/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary contracts - the canonical documents, which the fleet's messages carry
 * SYNOPSIS  tributary contracts list | schema NAME | write DIR | encode NAME [FILE] | decode NAME [FILE]
 */
#include "commands.h"
#include "dispatch.h"
#include "options.h"

#include "base/arena.h"
#include "formats/json.h"
#include "model/model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX_BYTES ((size_t)64 << 20)
#define ARENA_BYTES ((size_t)512 << 20)
#define PATH_BYTES 1024
#define INDENT_COLUMNS 2

/* What stands behind the command: NAME, DIR or NAME and FILE; false after --help or a wrong line, *status says which.
 */
static bool
words_read(const char *synopsis, const char *summary, int argc, char **argv, size_t min, size_t max, const char **words,
	   int *status)
{
	struct options options = {synopsis, summary, NULL, 0, min, max};

	return options_read(&options, argc, argv, NULL, words, NULL, status);
}

static const struct contract *
contract_named(const char *name)
{
	const struct contract *c = model_contract(name);

	if (!c)
		fprintf(stderr,
			"tributary contracts: there is no document \"%.60s\"; `tributary contracts list` has them\n",
			name);
	return c;
}

static bool
text_print(struct buf *text, FILE *out)
{
	bool is_ok = buf_is_ok(text) && fwrite(text->p, 1, text->n, out) == text->n;

	buf_release(text);
	return is_ok;
}

static bool
schema_print(const struct contract *c, FILE *out)
{
	struct buf text;

	buf_init(&text, TEXT_MAX_BYTES);
	contract_put_schema(c, &text);
	return text_print(&text, out);
}

static int
list_command(int argc, char **argv)
{
	int status;

	if (!words_read("tributary contracts list", "Every canonical document and its version.", argc, argv, 0, 0, NULL,
			&status))
		return status;
	for (size_t i = 0; i < model_contracts_count; i++)
		printf("%-14s v%d  %s\n", model_contracts[i]->name, model_contracts[i]->version,
		       model_contracts[i]->title);
	return EXIT_YES;
}

static int
schema_command(int argc, char **argv)
{
	const struct contract *c;
	const char *name;
	int status;

	if (!words_read("tributary contracts schema NAME", "JSON Schema of one document, on stdout.", argc, argv, 1, 1,
			&name, &status))
		return status;
	c = contract_named(name);
	if (!c)
		return EXIT_WRONG;
	return schema_print(c, stdout) ? EXIT_YES : EXIT_NO;
}

static bool
schemas_write(const char *dir, const struct contract *const *contracts, size_t n, const char *form)
{
	for (size_t i = 0; i < n; i++) {
		const struct contract *c = contracts[i];
		char path[PATH_BYTES];
		FILE *out;
		bool is_ok;

		snprintf(path, sizeof path, "%s/%s%s.v%d.schema.json", dir, c->name, form, c->version);
		out = fopen(path, "we");
		is_ok = out && schema_print(c, out);
		if ((out && fclose(out) != 0) || !is_ok) {
			fprintf(stderr, "tributary contracts: %s: %s\n", path, strerror(errno));
			return false;
		}
	}
	return true;
}

static int
write_command(int argc, char **argv)
{
	const char *dir;
	int status;

	if (!words_read("tributary contracts write DIR", "JSON Schema of every document, one file each.", argc, argv, 1,
			1, &dir, &status))
		return status;
	return schemas_write(dir, model_contracts, model_contracts_count, "") &&
		       schemas_write(dir, model_channel_contracts, model_channel_contracts_count, ".channel")
		   ? EXIT_YES
		   : EXIT_NO;
}

/* All of a file, or of stdin without one. */
static bool
input_read(const char *path, struct buf *bytes)
{
	FILE *in = path ? fopen(path, "re") : stdin;
	char block[65536];
	size_t n;

	buf_init(bytes, TEXT_MAX_BYTES);
	while (in && (n = fread(block, 1, sizeof block, in)) > 0)
		buf_put(bytes, block, n);
	if (!in || ferror(in) || !buf_is_ok(bytes)) {
		fprintf(stderr, "tributary contracts: %s: %s\n", path ? path : "stdin",
			in && !ferror(in) ? "longer than 64 MiB" : strerror(errno));
		buf_release(bytes);
		return false;
	}
	if (path)
		fclose(in);
	return true;
}

static int
convert(const struct contract *c, struct str in, bool to_msgpack)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	void *document = arena ? arena_get(arena, c->size) : NULL;
	struct why why = {0};
	struct node *tree;
	struct buf out;
	enum outcome outcome = OUTCOME_OK;

	if (!document)
		outcome = why_set(&why, OUTCOME_DEAD, "too-large", "no memory");
	else if (!to_msgpack)
		outcome = contract_decode(c, in, arena, document, &why);
	else
		outcome = json_parse(in, &tree_default_limits, arena, &tree, &why);
	if (outcome == OUTCOME_OK && to_msgpack)
		outcome = contract_from_tree(c, tree, arena, document, &why);
	if (outcome != OUTCOME_OK) {
		fprintf(stderr, "tributary contracts: %s%s%s: %s\n", why.path, why.path[0] ? ": " : "", why.code,
			why.text);
		arena_free(arena);
		return EXIT_NO;
	}
	buf_init(&out, TEXT_MAX_BYTES);
	if (to_msgpack) {
		contract_encode(c, document, &out);
	} else {
		contract_put_json(c, document, &out, INDENT_COLUMNS);
		buf_put_char(&out, '\n');
	}
	arena_free(arena);
	return text_print(&out, stdout) ? EXIT_YES : EXIT_NO;
}

static int
convert_command(const char *synopsis, const char *summary, int argc, char **argv, bool to_msgpack)
{
	const char *words[2] = {NULL, NULL};
	const struct contract *c;
	struct buf in;
	int status;

	if (!words_read(synopsis, summary, argc, argv, 1, 2, words, &status))
		return status;
	c = contract_named(words[0]);
	if (!c)
		return EXIT_WRONG;
	if (!input_read(words[1], &in))
		return EXIT_NO;
	status = convert(c, buf_str(&in), to_msgpack);
	buf_release(&in);
	return status;
}

static int
encode_command(int argc, char **argv)
{
	return convert_command("tributary contracts encode NAME [FILE]",
			       "The document in JSON (a file, or stdin), checked, as the msgpack that messages carry.",
			       argc, argv, true);
}

static int
decode_command(int argc, char **argv)
{
	return convert_command("tributary contracts decode NAME [FILE]",
			       "A message's msgpack (a file, or stdin), checked, as JSON.", argc, argv, false);
}

int
contracts_command(int argc, char **argv)
{
	static const struct command commands[] = {
	    {"list", "every document and its version", list_command},
	    {"schema", "JSON Schema of one", schema_command},
	    {"write", "JSON Schema of all, into a folder", write_command},
	    {"encode", "JSON to msgpack, checked", encode_command},
	    {"decode", "msgpack to JSON, checked", decode_command},
	};
	static const struct command_table table = {"tributary contracts", "the canonical documents", commands,
						   COUNT_OF(commands)};

	return dispatch(&table, argc, argv);
}
