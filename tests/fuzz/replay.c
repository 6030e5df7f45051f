/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay - feeds the files that it is given to a fuzz target, one after the other
 * The main() of the targets in a build without libFuzzer, so that `make test` keeps what the fuzzer once found. Each
 * file's name is written before it is fed: the last one is the one that crashed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX_BYTES ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* In a block of its own length, so that a sanitizer sees a read behind its end. */
static int
file_feed(const char *path)
{
	static uint8_t read[FILE_MAX_BYTES];
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(read, 1, sizeof read, f) : 0;
	uint8_t *bytes = malloc(n ? n : 1);

	if (!f || ferror(f) || !bytes) {
		perror(path);
		return EXIT_FAILURE;
	}
	fclose(f);
	for (size_t i = 0; i < n; i++)
		bytes[i] = read[i];
	LLVMFuzzerTestOneInput(bytes, n);
	free(bytes);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	int status = EXIT_SUCCESS;

	for (int i = 1; i < argc && status == EXIT_SUCCESS; i++) {
		printf("%s\n", argv[i]);
		fflush(stdout);
		status = file_feed(argv[i]);
	}
	return status;
}
