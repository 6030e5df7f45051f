/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcyaml ends at the first fault. So the file is read strictly, and only when that failed once more without minding
 * unknown keys: the second reading finds the other unknown keys (which libcyaml only mentions in its debug log) and
 * yields the values. Should a later libcyaml word its log otherwise, the first fault is still reported.
 */
#include "yaml/yaml_file.h"

#include <cyaml/cyaml.h>

#include <string.h>

#define LINE_BYTES 512

/* What one reading said. */
struct reading {
	struct yaml_file *file;
	size_t unknown_keys_count;
	int line;
	char message[LINE_BYTES];
	char field[YAML_FIELD_BYTES];
};

void
yaml_file_problem(struct yaml_file *file, const char *field, const char *format, ...)
{
	va_list args;

	fprintf(file->errors, "%s: %s%s", file->path, field, field[0] ? ": " : "");
	va_start(args, format);
	vfprintf(file->errors, format, args);
	va_end(args);
	fputc('\n', file->errors);
	file->problems_count++;
}

/* "  in mapping field 'key' (line: 2, column: 13)", the innermost first: builds "connection.key" from its end. */
static void
reading_place(struct reading *r, const char *text)
{
	const char *open = strchr(text, '\''), *close = open ? strchr(open + 1, '\'') : NULL;
	char inner[YAML_FIELD_BYTES];
	int index, outer_bytes;

	if (!close)
		return;
	if (r->field[0] == '\0')
		(void)sscanf(close, "' (line: %d", &r->line);
	outer_bytes = (int)(close - open - 1);
	memcpy(inner, r->field, sizeof inner);
	if (strstr(text, "sequence entry") && sscanf(open, "'%d'", &index) == 1)
		outer_bytes = snprintf(r->field, sizeof r->field, "[%d]", index - 1);
	else
		outer_bytes = snprintf(r->field, sizeof r->field, "%.*s", outer_bytes, open + 1);
	if (outer_bytes >= 0 && (size_t)outer_bytes < sizeof r->field)
		snprintf(r->field + outer_bytes, sizeof r->field - (size_t)outer_bytes, "%s%s",
			 inner[0] && inner[0] != '[' ? "." : "", inner);
}

static void
reading_log(cyaml_log_t level, void *context, const char *format, va_list args)
{
	static const char ignoring[] = "Load: Ignoring key: ", load[] = "Load: ";
	struct reading *r = context;
	char text[LINE_BYTES];

	vsnprintf(text, sizeof text, format, args);
	text[strcspn(text, "\n")] = '\0';
	if (strncmp(text, ignoring, sizeof ignoring - 1) == 0) {
		yaml_file_problem(r->file, "", "unknown key \"%.80s\"", text + sizeof ignoring - 1);
		r->unknown_keys_count++;
	}
	if (level != CYAML_LOG_ERROR)
		return;
	if (strncmp(text, "  in ", 5) == 0)
		reading_place(r, text);
	else if (strncmp(text, load, sizeof load - 1) == 0 && r->message[0] == '\0')
		snprintf(r->message, sizeof r->message, "%s", text + sizeof load - 1);
}

static void *
reading_run(struct reading *r, const struct cyaml_schema_value *schema, cyaml_cfg_flags_t flags, cyaml_log_t level)
{
	const cyaml_config_t config = {.log_fn = reading_log,
				       .log_ctx = r,
				       .mem_fn = cyaml_mem,
				       .log_level = level,
				       .flags = flags | CYAML_CFG_NO_ALIAS};
	cyaml_data_t *data = NULL;
	cyaml_err_t error = cyaml_load_file(r->file->path, &config, schema, &data, NULL);

	if (error != CYAML_OK && r->message[0] == '\0')
		snprintf(r->message, sizeof r->message, "%s", cyaml_strerror(error));
	if (error == CYAML_OK && !data)
		snprintf(r->message, sizeof r->message, "the file is empty");
	return data;
}

static void
reading_report(const struct reading *r)
{
	if (r->line)
		yaml_file_problem(r->file, r->field, "%s (line %d)", r->message, r->line);
	else
		yaml_file_problem(r->file, r->field, "%s", r->message);
}

void *
yaml_file_load(struct yaml_file *file, const struct cyaml_schema_value *schema)
{
	struct reading strict = {.file = file}, lenient = {.file = file};
	void *data = reading_run(&strict, schema, CYAML_CFG_DEFAULT, CYAML_LOG_ERROR);

	if (data)
		return data;
	data = reading_run(&lenient, schema, CYAML_CFG_IGNORE_UNKNOWN_KEYS, CYAML_LOG_DEBUG);
	if (!data)
		reading_report(&lenient);
	else if (lenient.unknown_keys_count == 0)
		reading_report(&strict);
	return data;
}

void
yaml_file_free(const struct cyaml_schema_value *schema, void *data)
{
	const cyaml_config_t config = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

	if (data)
		(void)cyaml_free(&config, schema, data, 0);
}

bool
yaml_file_is_given(struct yaml_file *file, const char *field, const char *text)
{
	if (text && text[0])
		return true;
	yaml_file_problem(file, field, "is missing");
	return false;
}

int64_t
yaml_file_int(struct yaml_file *file, const char *field, const char *text, int64_t min, int64_t max)
{
	int64_t value;

	if (!yaml_file_is_given(file, field, text))
		return 0;
	if (str_to_int(str_of(text), &value) && value >= min && value <= max)
		return value;
	yaml_file_problem(file, field, "\"%.40s\" is no whole number from %lld to %lld", text, (long long)min,
			  (long long)max);
	return 0;
}

size_t
yaml_file_choice(struct yaml_file *file, const char *field, const char *text, const char *const *choices, size_t n)
{
	struct buf list;

	if (!yaml_file_is_given(file, field, text))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (strcmp(choices[i], text) == 0)
			return i;
	buf_init(&list, LINE_BYTES);
	for (size_t i = 0; i < n; i++)
		buf_printf(&list, " %s", choices[i]);
	yaml_file_problem(file, field, "\"%.40s\" is none of:%s", text, buf_text(&list));
	buf_release(&list);
	return 0;
}

const char *
yaml_file_name(struct yaml_file *file, const char *field, const char *text, size_t max)
{
	size_t n;

	if (!yaml_file_is_given(file, field, text))
		return "";
	n = strlen(text);
	if (n <= max && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == n && text[0] != '-' &&
	    text[n - 1] != '-')
		return text;
	yaml_file_problem(
	    file, field,
	    "\"%.60s\" is no name: 1 to %zu lowercase letters, digits and hyphens, no hyphen at either end", text, max);
	return "";
}
