/* SPDX-License-Identifier: Apache-2.0 */
/* What the same bytes must have been read with to say the same. */
#include "ingest/reading.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARTIES_MAX 3

static char dir[] = "/tmp/reading-XXXXXX";

static void
run(const char *format)
{
	char command[512];

	snprintf(command, sizeof command, format, dir, dir, dir);
	cr_assert_eq(system(command), 0, "%s", command);
}

static void
folder_make(void)
{
	cr_assert(mkdtemp(dir));
	run("cp -rL topology/parties/lib topology/parties/shopify topology/parties/woocommerce "
	    "topology/parties/sandbox-wms %s");
}

static void
folder_remove(void)
{
	run("rm -r %s");
}

TestSuite(reading, .init = folder_make, .fini = folder_remove);

/* In order of their names: sandbox-wms, shopify, woocommerce. */
static void
readings_get(int64_t document_bytes, int64_t readings[static PARTIES_MAX])
{
	struct party_list *parties = party_list_load(dir, stderr);

	cr_assert(parties && party_list_count(parties) == PARTIES_MAX);
	readings_of(dir, parties, document_bytes, readings);
	party_list_free(parties);
}

/* Of how many parties it is another after the command. */
static size_t
changed_by(const char *command)
{
	int64_t before[PARTIES_MAX], after[PARTIES_MAX];
	size_t n = 0;

	readings_get(1000, before);
	run(command);
	readings_get(1000, after);
	for (size_t i = 0; i < PARTIES_MAX; i++)
		n += before[i] != after[i];
	return n;
}

Test(reading, unchanged_files_are_the_same_and_each_party_has_its_own)
{
	int64_t readings[PARTIES_MAX];

	cr_assert_eq(changed_by("touch %s/shopify/mapping.lua"), 0);
	readings_get(1000, readings);
	cr_assert(readings[0] && readings[1] && readings[2]);
	cr_assert(readings[0] != readings[1] && readings[1] != readings[2]);
}

Test(reading, another_mapping_or_setting_is_of_one_party)
{
	cr_assert_eq(changed_by("echo '-- other' >>%s/shopify/mapping.lua"), 1);
	cr_assert_eq(changed_by("echo '# other' >>%s/shopify/party.yaml"), 1);
	cr_assert_eq(changed_by("echo 'return {}' >%s/shopify/more.lua"), 1);
}

Test(reading, what_the_mappings_share_is_of_all)
{
	cr_assert_eq(changed_by("echo '-- other' >>%s/lib/text.lua"), PARTIES_MAX);
	cr_assert_eq(changed_by("mv %s/lib/text.lua %s/lib/words.lua"), PARTIES_MAX);
}

Test(reading, another_limit_is_of_all)
{
	int64_t a[PARTIES_MAX], b[PARTIES_MAX];

	readings_get(1000, a);
	readings_get(1001, b);
	for (size_t i = 0; i < PARTIES_MAX; i++)
		cr_assert_neq(a[i], b[i]);
}

Test(reading, what_cannot_be_read_is_not_known)
{
	struct party_list *parties = party_list_load(dir, stderr);
	int64_t readings[PARTIES_MAX];

	cr_assert(parties);
	run("rm %s/shopify/party.yaml");
	readings_of(dir, parties, 1000, readings);
	cr_assert(readings[0] && readings[2]);
	cr_assert_eq(readings[1], 0);
	party_list_free(parties);
}
