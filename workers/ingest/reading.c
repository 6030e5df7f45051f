/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/reading.h"

#include "base/uuid.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 1024
#define DIGESTS_MAX_BYTES ((size_t)1 << 20)

static bool
fd_digest(int fd, unsigned char out[static 32])
{
	struct stat st;
	void *bytes;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	if (st.st_size == 0) {
		sha256((struct str){"", 0}, out);
		return true;
	}
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return false;
	sha256((struct str){bytes, (size_t)st.st_size}, out);
	munmap(bytes, (size_t)st.st_size);
	return true;
}

/* False when it cannot be read. */
static bool
file_put(struct buf *digests, const char *path)
{
	unsigned char digest[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_ok;

	if (fd < 0)
		return false;
	is_ok = fd_digest(fd, digest);
	close(fd);
	buf_put(digests, digest, sizeof digest);
	return is_ok;
}

static bool
member_put(struct buf *digests, const char *folder, const char *name)
{
	char path[PATH_BYTES];

	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
		return false;
	buf_put(digests, name, strlen(name) + 1);
	return file_put(digests, path);
}

static int
is_lua(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 4 && strcmp(entry->d_name + n - 4, ".lua") == 0;
}

/* Every mapping of the folder, in order of their names; a folder that is not there has none. */
static bool
mappings_put(struct buf *digests, const char *parties_dir, const char *name)
{
	char folder[PATH_BYTES];
	struct dirent **entries;
	bool is_ok = true;
	int n;

	if (snprintf(folder, sizeof folder, "%s/%s", parties_dir, name) >= (int)sizeof folder)
		return false;
	n = scandir(folder, &entries, is_lua, alphasort);
	if (n < 0)
		return errno == ENOENT;
	buf_printf(digests, "%d", n);
	for (int i = 0; i < n; i++) {
		is_ok = is_ok && member_put(digests, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return is_ok;
}

static bool
shared_put(struct buf *digests, const char *parties_dir, int64_t document_bytes)
{
	buf_printf(digests, "%" PRId64, document_bytes);
	return file_put(digests, "/proc/self/exe") && mappings_put(digests, parties_dir, "lib");
}

/* After what they share; 0 when a file cannot be read. */
static int64_t
party_reading(struct buf *digests, const char *parties_dir, const char *party)
{
	char folder[PATH_BYTES];
	unsigned char digest[32];
	int64_t reading;

	if (snprintf(folder, sizeof folder, "%s/%s", parties_dir, party) >= (int)sizeof folder ||
	    !member_put(digests, folder, "party.yaml") || !mappings_put(digests, parties_dir, party) ||
	    !buf_is_ok(digests))
		return 0;
	sha256(buf_str(digests), digest);
	memcpy(&reading, digest, sizeof reading);
	return reading;
}

void
readings_of(const char *parties_dir, const struct party_list *parties, int64_t document_bytes, int64_t *readings)
{
	struct buf shared, digests;
	bool is_ok;

	buf_init(&shared, DIGESTS_MAX_BYTES);
	is_ok = shared_put(&shared, parties_dir, document_bytes) && buf_is_ok(&shared);
	for (size_t i = 0; i < party_list_count(parties); i++) {
		buf_init(&digests, DIGESTS_MAX_BYTES);
		buf_put_str(&digests, buf_str(&shared));
		readings[i] = is_ok ? party_reading(&digests, parties_dir, party_list_at(parties, i)->name) : 0;
		buf_release(&digests);
	}
	buf_release(&shared);
}
