/* faulty.h - memory that runs out at the n-th request, for every n.
 *
 * A test that includes this is named test_alloc*.c: it is linked with the allocator of everything
 * in `core` and `lua/binding` wrapped (CMakeLists.txt). OpenSSL, expat, SQLite, zlib and
 * libcurl are given the same one through the hooks they have, and Lua takes it as its own. */
#ifndef TRAPHEUS_TEST_FAULTY_H
#define TRAPHEUS_TEST_FAULTY_H

#include "unit.h"
#include "trapheus/error.h"
#include <curl/curl.h>
#include <expat.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <zlib.h>

/* The requests from the `first`-th on fail, `length` of them. */
static struct {
    bool armed, hit;
    long count, first, length;
} faulty;

static bool faulty_fails(void) {
    if (!faulty.armed || ++faulty.count < faulty.first) return false;
    if (faulty.count - faulty.first >= faulty.length) return false;
    faulty.hit = true;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);
XML_Parser __wrap_XML_ParserCreate(const XML_Char *encoding);
CURLcode __wrap_curl_global_init(long flags);
int __real_inflateInit2_(z_stream *stream, int bits, const char *version, int size);
int __wrap_inflateInit2_(z_stream *stream, int bits, const char *version, int size);

void *__wrap_malloc(size_t size) { return faulty_fails() ? NULL : __real_malloc(size); }

void *__wrap_calloc(size_t count, size_t size) {
    return faulty_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size) {
    return faulty_fails() ? NULL : __real_realloc(block, size);
}

char *__wrap_strdup(const char *text) { return faulty_fails() ? NULL : __real_strdup(text); }

char *__wrap_strndup(const char *text, size_t length) {
    return faulty_fails() ? NULL : __real_strndup(text, length);
}

XML_Parser __wrap_XML_ParserCreate(const XML_Char *encoding) {
    static const XML_Memory_Handling_Suite suite = {__wrap_malloc, __wrap_realloc, free};
    return XML_ParserCreate_MM(encoding, &suite, NULL);
}

CURLcode __wrap_curl_global_init(long flags) {
    return curl_global_init_mem(flags, __wrap_malloc, free, __wrap_realloc, __wrap_strdup,
                                __wrap_calloc);
}

static void *faulty_zlib_alloc(void *context, unsigned count, unsigned size) {
    return __wrap_calloc(count, size);
}

static void faulty_zlib_free(void *context, void *block) { free(block); }

int __wrap_inflateInit2_(z_stream *stream, int bits, const char *version, int size) {
    stream->zalloc = faulty_zlib_alloc;
    stream->zfree = faulty_zlib_free;
    return __real_inflateInit2_(stream, bits, version, size);
}

static void *faulty_crypto_malloc(size_t size, const char *file, int line) {
    return __wrap_malloc(size);
}

static void *faulty_crypto_realloc(void *block, size_t size, const char *file, int line) {
    return __wrap_realloc(block, size);
}

static void faulty_crypto_free(void *block, const char *file, int line) { free(block); }

static sqlite3_mem_methods faulty_sqlite; /* SQLite's own */

static void *faulty_sqlite_malloc(int size) {
    return faulty_fails() ? NULL : faulty_sqlite.xMalloc(size);
}

static void *faulty_sqlite_realloc(void *block, int size) {
    return faulty_fails() ? NULL : faulty_sqlite.xRealloc(block, size);
}

/* The group's set-up, before anything else has asked for memory. Small blocks that SQLite would
 * keep aside are turned off: each is to be a request. */
static int faulty_set_up(void **state) {
    sqlite3_mem_methods methods;
    if (!CRYPTO_set_mem_functions(faulty_crypto_malloc, faulty_crypto_realloc, faulty_crypto_free))
        return -1;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &faulty_sqlite) != SQLITE_OK) return -1;
    methods = faulty_sqlite;
    methods.xMalloc = faulty_sqlite_malloc;
    methods.xRealloc = faulty_sqlite_realloc;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK) return -1;
    return sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK ? 0 : -1;
}

static void faulty_arm(void) {
    faulty.count = 0;
    faulty.hit = false;
    faulty.armed = true;
}

static enum tph_status faulty_disarm(enum tph_status status) {
    faulty.armed = false;
    return status;
}

/* Evaluates a call that answers a status, with memory running out in it as the sweep wants. */
#define FAULTY(call) (faulty_arm(), faulty_disarm(call))

/* Runs `operation`, which says FAULTY(…) once, for every n until it needs fewer requests than n,
 * with the n-th and those after it failing, `length` of them. The operation asserts what must hold:
 * after TPH_OK the result is right, after anything else nothing has changed. */
static void faulty_sweep_length(enum tph_status (*operation)(void *), void *context, long length) {
    faulty.length = length;
    for (faulty.first = 1;; faulty.first++) {
        enum tph_status status = operation(context);
        if (!faulty.hit) {
            assert_int_equal(status, TPH_OK);
            break;
        }
        if (status != TPH_OK && status != TPH_ENOMEM && status != TPH_ESTORE)
            fail_msg("request %ld: %s", faulty.first, tph_status_name(status));
    }
    assert_true(faulty.first > 1);
}

/* Both ways: memory is short for a moment, and for good. Once without a failure before: OpenSSL
 * sets itself up at the first use, and does not try again when that fails. */
static void faulty_sweep(enum tph_status (*operation)(void *), void *context) {
    faulty.first = LONG_MAX;
    assert_int_equal(operation(context), TPH_OK);
    faulty_sweep_length(operation, context, 1);
    faulty_sweep_length(operation, context, LONG_MAX);
}

#endif
