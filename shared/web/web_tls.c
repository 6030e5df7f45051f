/* SPDX-License-Identifier: Apache-2.0 */
#include "web/web_tls.h"

#include "base/log.h"

#include <gnutls/x509.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHAIN_MAX 16
#define NAME_CERTIFICATE "TLS_CERTIFICATE_FILE"
#define NAME_KEY "TLS_KEY_FILE"
#define PATH_BYTES 64

struct tls_pair {
	size_t holders; /* connections, and the web_tls whose present one it is; under its lock */
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned chain_n;
	gnutls_privkey_t key;
};

/* What tells that a file is another one, or was written to. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t bytes;
	struct timespec changed_at;
};

struct web_tls {
	const char *certificate_file, *key_file;
	char certificate_path[PATH_BYTES], key_path[PATH_BYTES]; /* the parameters that name them */
	struct stamp certificate_stamp, key_stamp;               /* of the last try */
	pthread_mutex_t lock;
	struct tls_pair *now;
};

static struct stamp
stamp_of(const char *file)
{
	struct stamp stamp;
	struct stat st;

	memset(&stamp, 0, sizeof stamp); /* compared as bytes */
	if (stat(file, &st) != 0)
		return stamp;
	stamp.device = st.st_dev;
	stamp.inode = st.st_ino;
	stamp.bytes = st.st_size;
	stamp.changed_at = st.st_mtim;
	return stamp;
}

static void
pair_free(struct tls_pair *pair)
{
	if (!pair)
		return;
	for (unsigned i = 0; i < pair->chain_n; i++)
		gnutls_pcert_deinit(&pair->chain[i]);
	gnutls_privkey_deinit(pair->key);
	free(pair);
}

/* Whether the key is the certificate's: GnuTLS itself would find out in the middle of the first handshake. */
static bool
pair_fits(const gnutls_datum_t *certificate, const gnutls_datum_t *key)
{
	gnutls_certificate_credentials_t trial;
	bool fits = false;

	if (gnutls_certificate_allocate_credentials(&trial) != 0)
		return false;
	fits = gnutls_certificate_set_x509_key_mem2(trial, certificate, key, GNUTLS_X509_FMT_PEM, NULL, 0) >= 0;
	gnutls_certificate_free_credentials(trial);
	return fits;
}

static enum outcome
pair_import(const struct web_tls *tls, const gnutls_datum_t *certificate, const gnutls_datum_t *key,
	    struct tls_pair **pair, struct why *why)
{
	struct tls_pair *p = calloc(1, sizeof *p);
	unsigned n = CHAIN_MAX;
	int rc;

	if (!p || gnutls_privkey_init(&p->key) != 0) {
		free(p);
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	}
	rc = gnutls_pcert_list_import_x509_raw(p->chain, &n, certificate, GNUTLS_X509_FMT_PEM,
					       GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
	if (rc == 0)
		p->chain_n = n;
	if (rc != 0 || n == 0) {
		pair_free(p);
		return why_at(why, OUTCOME_DEAD, "config", tls->certificate_path,
			      "has no certificate with its chain in order, PEM: %s", gnutls_strerror(rc));
	}
	rc = gnutls_privkey_import_x509_raw(p->key, key, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (rc != 0) {
		pair_free(p);
		return why_at(why, OUTCOME_DEAD, "config", tls->key_path,
			      "has no private key without a password, PEM: %s", gnutls_strerror(rc));
	}
	if (!pair_fits(certificate, key)) {
		pair_free(p);
		return why_at(why, OUTCOME_DEAD, "config", tls->key_path, "the key is not the certificate's");
	}
	p->holders = 1;
	*pair = p;
	return OUTCOME_OK;
}

static enum outcome
pair_load(struct web_tls *tls, struct tls_pair **pair, struct why *why)
{
	gnutls_datum_t certificate = {NULL, 0}, key = {NULL, 0};
	enum outcome outcome;

	tls->certificate_stamp = stamp_of(tls->certificate_file);
	tls->key_stamp = stamp_of(tls->key_file);
	if (gnutls_load_file(tls->certificate_file, &certificate) != 0)
		outcome = why_at(why, OUTCOME_DEAD, "config", tls->certificate_path, "cannot be read");
	else if (gnutls_load_file(tls->key_file, &key) != 0)
		outcome = why_at(why, OUTCOME_DEAD, "config", tls->key_path, "cannot be read");
	else
		outcome = pair_import(tls, &certificate, &key, pair, why);
	gnutls_free(certificate.data);
	if (key.data)
		gnutls_memset(key.data, 0, key.size);
	gnutls_free(key.data);
	return outcome;
}

enum outcome
web_tls_open(const char *prefix, const char *certificate_file, const char *key_file, struct web_tls **tls,
	     struct why *why)
{
	bool has_certificate = certificate_file && *certificate_file, has_key = key_file && *key_file;
	struct web_tls *t = NULL;
	enum outcome outcome;

	*tls = NULL;
	if (!has_certificate && !has_key)
		return OUTCOME_OK;
	t = calloc(1, sizeof *t);
	if (!t)
		return why_set(why, OUTCOME_DEAD, "config", "no memory");
	t->certificate_file = certificate_file;
	t->key_file = key_file;
	snprintf(t->certificate_path, sizeof t->certificate_path, "%s" NAME_CERTIFICATE, prefix);
	snprintf(t->key_path, sizeof t->key_path, "%s" NAME_KEY, prefix);
	if (has_certificate != has_key)
		outcome = why_at(why, OUTCOME_DEAD, "config", has_key ? t->certificate_path : t->key_path,
				 "a certificate and its key are given together");
	else
		outcome = pair_load(t, &t->now, why);
	if (outcome != OUTCOME_OK) {
		free(t);
		return outcome;
	}
	pthread_mutex_init(&t->lock, NULL);
	*tls = t;
	return OUTCOME_OK;
}

void
web_tls_close(struct web_tls *tls)
{
	if (!tls)
		return;
	pair_free(tls->now);
	pthread_mutex_destroy(&tls->lock);
	free(tls);
}

static void
pair_drop(struct tls_pair *pair)
{
	if (pair && --pair->holders == 0)
		pair_free(pair);
}

void
web_tls_renew(struct web_tls *tls)
{
	struct stamp certificate = stamp_of(tls->certificate_file), key = stamp_of(tls->key_file);
	struct tls_pair *fresh;
	struct why why = {0};

	if (memcmp(&certificate, &tls->certificate_stamp, sizeof certificate) == 0 &&
	    memcmp(&key, &tls->key_stamp, sizeof key) == 0)
		return;
	if (pair_load(tls, &fresh, &why) != OUTCOME_OK) {
		log_why(LOG_LEVEL_WARN, "certificate-kept", &why);
		return;
	}
	pthread_mutex_lock(&tls->lock);
	pair_drop(tls->now);
	tls->now = fresh;
	pthread_mutex_unlock(&tls->lock);
	log_line(LOG_LEVEL_INFO, "certificate-new", "chain=%u", fresh->chain_n);
}

void *
web_tls_context(gnutls_session_t session)
{
	struct MHD_Connection *connection = gnutls_session_get_ptr(session);
	const union MHD_ConnectionInfo *info =
	    connection ? MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT) : NULL;

	return info ? info->socket_context : NULL;
}

int
web_tls_choose(struct web_tls *tls, struct tls_pair **held, gnutls_pcert_st **certificates, unsigned *n,
	       gnutls_privkey_t *key)
{
	pthread_mutex_lock(&tls->lock);
	pair_drop(*held);
	*held = tls->now;
	(*held)->holders++;
	pthread_mutex_unlock(&tls->lock);
	*certificates = (*held)->chain;
	*n = (*held)->chain_n;
	*key = (*held)->key;
	return 0;
}

void
web_tls_release(struct web_tls *tls, struct tls_pair **held)
{
	if (!*held)
		return;
	pthread_mutex_lock(&tls->lock);
	pair_drop(*held);
	*held = NULL;
	pthread_mutex_unlock(&tls->lock);
}
