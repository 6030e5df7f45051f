/* SPDX-License-Identifier: Apache-2.0 */
/*
 * full - a full disk for Postgres, without a disk to fill and without root
 * Preloaded into the server. While the file $DISK_FULL_FILE exists, no file below its own folder may grow: the call that
 * would make it grow fails with ENOSPC, and what is there already can be overwritten, as on a disk that is full. A new
 * WAL segment cannot be made either, on which Postgres ends all sessions and recovers.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static bool
is_ours(int fd, const char *flag)
{
	char descriptor[32], path[PATH_MAX];
	const char *slash = strrchr(flag, '/');
	ssize_t n;

	snprintf(descriptor, sizeof descriptor, "/proc/self/fd/%d", fd);
	n = readlink(descriptor, path, sizeof path);
	return slash && n > slash - flag && strncmp(path, flag, (size_t)(slash - flag) + 1) == 0;
}

/* Whether a write that ends there would need room that is not there. */
static bool
is_full(int fd, off_t end)
{
	const char *flag = getenv("DISK_FULL_FILE");
	struct stat status;
	int saved = errno;
	bool full = flag && access(flag, F_OK) == 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
		    end > status.st_size && is_ours(fd, flag);

	errno = full ? ENOSPC : saved;
	return full;
}

static off_t
write_end(int fd, size_t n)
{
	off_t at = lseek(fd, 0, SEEK_CUR);

	return at < 0 ? 0 : at + (off_t)n;
}

ssize_t
write(int fd, const void *bytes, size_t n)
{
	return is_full(fd, write_end(fd, n)) ? -1 : syscall(SYS_write, fd, bytes, n);
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	return is_full(fd, at + (off_t)n) ? -1 : syscall(SYS_pwrite64, fd, bytes, n, at);
}

ssize_t
pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
	off_t end = at;

	for (int i = 0; i < count; i++)
		end += (off_t)parts[i].iov_len;
	return is_full(fd, end) ? -1 : syscall(SYS_pwritev, fd, parts, count, at, 0L);
}
