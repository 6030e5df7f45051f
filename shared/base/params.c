/* SPDX-License-Identifier: Apache-2.0 */
#include "base/params.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX_BYTES 4096

static char *
file_read(const char *path)
{
	char value[VALUE_MAX_BYTES];
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return NULL;
	n = fread(value, 1, sizeof value, f);
	fclose(f);
	return strndup(value, str_trim((struct str){value, n}).n);
}

char *
secret_env(const char *name)
{
	char file_name[128];
	const char *value = getenv(name), *path;

	if (value)
		return strdup(value);
	snprintf(file_name, sizeof file_name, "%s_FILE", name);
	path = getenv(file_name);
	return path ? file_read(path) : NULL;
}

static bool
is_choice(const char *words, const char *value)
{
	for (struct str rest = str_of(words); rest.n;)
		if (str_equal(str_split(&rest, '|'), str_of(value)))
			return true;
	return false;
}

/* Which of the two would count is anybody's guess. */
static bool
is_given_twice(const char *name)
{
	char file_name[128];

	snprintf(file_name, sizeof file_name, "%s_FILE", name);
	return getenv(name) && getenv(file_name);
}

static size_t
param_read(const struct param *p, void *config, FILE *errors)
{
	void *field = (char *)config + p->offset;
	char *given = secret_env(p->name);
	const char *value = given ? given : p->default_value;
	int64_t number;

	if (is_given_twice(p->name)) {
		fprintf(errors, "%s and %s_FILE are both set: unset one of them\n", p->name, p->name);
		free(given);
		return 1;
	}
	if (!value) {
		fprintf(errors, "%s (or %s_FILE) is not set or its file cannot be read: %s\n", p->name, p->name,
			p->help);
		return 1;
	}
	if (p->type == PARAM_INT) {
		if (!str_to_int(str_of(value), &number) || number < p->min || number > p->max) {
			fprintf(errors, "%s must be a whole number from %lld to %lld %s\n", p->name, (long long)p->min,
				(long long)p->max, p->unit);
			free(given);
			return 1;
		}
		memcpy(field, &number, sizeof number);
		free(given);
		return 0;
	}
	if (p->type == PARAM_CHOICE && !is_choice(p->unit, value)) {
		fprintf(errors, "%s is one of %s\n", p->name, p->unit);
		free(given);
		return 1;
	}
	if ((int64_t)strlen(value) < p->min || (p->max && (int64_t)strlen(value) > p->max)) {
		fprintf(errors, "%s must have %lld to %lld bytes\n", p->name, (long long)p->min, (long long)p->max);
		free(given);
		return 1;
	}
	if (!given)
		given = strdup(value);
	memcpy(field, &given, sizeof given);
	return 0;
}

size_t
params_read(const struct param *params, size_t n, void *config, FILE *errors)
{
	size_t problems = 0;

	for (size_t i = 0; i < n; i++)
		problems += param_read(&params[i], config, errors);
	return problems;
}

void
params_release(const struct param *params, size_t n, void *config)
{
	for (size_t i = 0; i < n; i++) {
		char *text = NULL;

		if (params[i].type == PARAM_INT)
			continue;
		memcpy(&text, (char *)config + params[i].offset, sizeof text);
		free(text);
	}
}

void
params_help(const struct param *params, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "  %-24s %s", params[i].name, params[i].help);
		if (params[i].type == PARAM_INT)
			fprintf(out, " (%lld to %lld %s)", (long long)params[i].min, (long long)params[i].max,
				params[i].unit);
		if (params[i].type == PARAM_CHOICE)
			fprintf(out, " (%s)", params[i].unit);
		fprintf(out, params[i].default_value ? " [%s]\n" : " (required)\n", params[i].default_value);
	}
}

void
params_markdown(const struct param *params, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "| `%s` | %s%s%s | ", params[i].name, params[i].default_value ? "`" : "",
			params[i].default_value ? params[i].default_value : "required",
			params[i].default_value ? "`" : "");
		if (params[i].type == PARAM_INT)
			fprintf(out, "%lld … %lld", (long long)params[i].min, (long long)params[i].max);
		/* A bar would end the table's cell. */
		for (const char *c = params[i].unit; params[i].type == PARAM_CHOICE && *c; c++)
			fputs(*c == '|' ? ", " : (char[]){*c, '\0'}, out);
		fprintf(out, " | %s | %s |\n", params[i].type == PARAM_CHOICE ? "" : params[i].unit, params[i].help);
	}
}
