/* SPDX-License-Identifier: Apache-2.0 */
#include "party/party.h"

#include "party/party_yaml.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_MAX_BYTES ((size_t)64 << 20)

struct party_list {
	struct arena *arena; /* the parties and their texts */
	struct party *parties;
	size_t n;
};

/* Every problem of the folder's file; a folder without party.yaml is none. */
static size_t
folder_read(struct party_list *list, const char *dir, const char *folder, FILE *errors)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/%s/party.yaml", dir, folder) >= (int)sizeof path) {
		fprintf(errors, "%s/%.60s: the path is too long\n", dir, folder);
		return 1;
	}
	if (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	size_t problems = party_yaml_read(path, folder, list->arena, errors, &list->parties[list->n]);

	if (problems == 0)
		list->n++;
	return problems;
}

static size_t
folders_read(struct party_list *list, const char *dir, FILE *errors)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, NULL, alphasort);
	size_t problems = 0;

	if (n < 0) {
		fprintf(errors, "%s: %s\n", dir, strerror(errno));
		return 1;
	}
	list->parties = arena_array(list->arena, (size_t)n + 1, sizeof *list->parties);
	if (!list->parties) {
		fprintf(errors, "%s: no memory for %d folders\n", dir, n);
		problems++;
	}
	for (int i = 0; i < n; i++) {
		if (list->parties && entries[i]->d_name[0] != '.')
			problems += folder_read(list, dir, entries[i]->d_name, errors);
		free(entries[i]);
	}
	free(entries);
	if (list->n == 0 && problems == 0) {
		fprintf(errors, "%s: no party there (a folder with a party.yaml)\n", dir);
		problems++;
	}
	return problems;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct party *)a)->name, ((const struct party *)b)->name);
}

struct party_list *
party_list_load(const char *dir, FILE *errors)
{
	struct party_list *list = calloc(1, sizeof *list);

	if (list)
		list->arena = arena_new(ARENA_MAX_BYTES);
	if (!list || !list->arena) {
		fprintf(errors, "%s: no memory\n", dir);
		party_list_free(list);
		return NULL;
	}
	if (folders_read(list, dir, errors)) {
		party_list_free(list);
		return NULL;
	}
	qsort(list->parties, list->n, sizeof *list->parties, by_name); /* the locale has no say in the order */
	return list;
}

void
party_list_free(struct party_list *list)
{
	if (!list)
		return;
	arena_free(list->arena);
	free(list);
}

size_t
party_list_count(const struct party_list *list)
{
	return list->n;
}

const struct party *
party_list_at(const struct party_list *list, size_t index)
{
	return &list->parties[index];
}

size_t
party_list_index(const struct party_list *list, struct str name)
{
	size_t low = 0, high = list->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_compare(str_of(list->parties[middle].name), name);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return list->n;
}

const struct party *
party_list_find(const struct party_list *list, struct str name)
{
	size_t index = party_list_index(list, name);

	return index < list->n ? &list->parties[index] : NULL;
}

const char *
party_sends_name(enum party_sends what)
{
	static const char *const names[] = {"order-response", "ship-notice", "invoice"};

	return names[what];
}

bool
party_has_outbound(const struct party *party)
{
	bool has = party->is_acknowledged;

	for (size_t i = 0; i < PARTY_SENDS; i++)
		has |= party->is_sent[i];
	return has;
}
