#include "store_private.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION_ID 0x74706a31 /* "tpj1": tells the journal from any other SQLite file */
#define SCHEMA_VERSION 1
#define BUSY_MS 2000
#define LONGEST_MESSAGE_BYTES 8192
#define LONGEST_OWNER_BYTES 65536

static const char schema[] =
    "CREATE TABLE runs (run_id TEXT NOT NULL UNIQUE, document TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE records (run_id TEXT NOT NULL, seq INTEGER NOT NULL, time_ms INTEGER NOT NULL,"
    " kind TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (run_id, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE locks (name TEXT NOT NULL PRIMARY KEY, run_id TEXT NOT NULL,"
    " host TEXT NOT NULL, boot_id TEXT NOT NULL, pid INTEGER NOT NULL,"
    " expires_ms INTEGER NOT NULL) STRICT;";

/* EXTRA is FULL for a write-ahead log, where a commit is one fsync; where the file system cannot
 * have such a log, SQLite falls back to a rollback journal, and FULL would leave the journal's
 * removal, which is the commit, unsynced. */
static const char settings[] = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                               "PRAGMA journal_mode = WAL; PRAGMA synchronous = EXTRA;"
                               "PRAGMA cache_size = -512;"; /* KiB; the system has the rest */

static const char *const sql[] = {
#define STORE_STATEMENT_SQL(name, sql) sql,
    STORE_STATEMENT_MAP(STORE_STATEMENT_SQL)
#undef STORE_STATEMENT_SQL
};

enum tph_status tph_store_fail(struct tph_store *store, enum tph_status status, const char *why) {
    tph_buf_truncate(&store->message, 0);
    if (tph_buf_appendf(&store->message, "%s: %s", store->path.data ? store->path.data : "", why) !=
        TPH_OK)
        tph_buf_truncate(&store->message, 0);
    return status;
}

enum tph_status tph_store_fail_sqlite(struct tph_store *store) {
    int code = sqlite3_errcode(store->database);
    char why[512];
    bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    snprintf(why, sizeof why, "%s%s", sqlite3_errmsg(store->database),
             damaged ? "; move the journal aside or restore it from a backup" : "");
    return tph_store_fail(store, TPH_ESTORE, why);
}

const char *tph_store_message(const struct tph_store *store) {
    return store->message.length_bytes ? store->message.data : tph_status_text(TPH_ESTORE);
}

enum tph_status tph_store_new(struct tph_store **out) {
    struct tph_store *store = calloc(1, sizeof *store);
    if (!store) return TPH_ENOMEM;
    tph_buf_init(&store->path, LONGEST_MESSAGE_BYTES / 2);
    tph_buf_init(&store->message, LONGEST_MESSAGE_BYTES);
    tph_buf_init(&store->holder, LONGEST_OWNER_BYTES);
    *out = store;
    return TPH_OK;
}

void tph_store_free(struct tph_store *store) {
    if (!store) return;
    for (size_t i = 0; i < STORE_STATEMENT_COUNT; i++) sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->database);
    tph_buf_deinit(&store->path);
    tph_buf_deinit(&store->message);
    tph_buf_deinit(&store->holder);
    free(store);
}

static enum tph_status fail_system(struct tph_store *store) {
    return tph_store_fail(store, TPH_ESTORE, strerror(errno));
}

static enum tph_status check_private(struct tph_store *store, const struct stat *info) {
    if (info->st_uid != geteuid())
        return tph_store_fail(store, TPH_EREFUSED, "refused: it belongs to another user");
    if (info->st_mode & (S_IWGRP | S_IWOTH))
        return tph_store_fail(store, TPH_EREFUSED, "refused: others may write it (chmod go-w)");
    return TPH_OK;
}

static enum tph_status make_directory(struct tph_store *store, const char *directory) {
    struct stat info;
    if (mkdir(directory, S_IRWXU) != 0 && errno != EEXIST) return fail_system(store);
    if (stat(directory, &info) != 0) return fail_system(store);
    return S_ISDIR(info.st_mode) ? check_private(store, &info)
                                 : tph_store_fail(store, TPH_EREFUSED, "not a directory");
}

/* The file is made here and not by SQLite, to be private from its first moment; what SQLite puts
 * beside it takes its mode. */
static enum tph_status make_file(struct tph_store *store) {
    struct stat info;
    int fd = open(store->path.data, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0 || fstat(fd, &info) != 0) {
        enum tph_status status = fail_system(store);
        if (fd >= 0) close(fd);
        return status;
    }
    close(fd);
    return S_ISREG(info.st_mode) ? check_private(store, &info)
                                 : tph_store_fail(store, TPH_EREFUSED, "not a file");
}

static enum tph_status execute(struct tph_store *store, const char *statements) {
    int code = sqlite3_exec(store->database, statements, NULL, NULL, NULL);
    return code == SQLITE_OK ? TPH_OK : tph_store_fail_sqlite(store);
}

static enum tph_status read_number(struct tph_store *store, const char *query, int64_t *out) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, query, -1, &statement, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    enum tph_status status = code == SQLITE_ROW ? TPH_OK : tph_store_fail_sqlite(store);
    if (status == TPH_OK) *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

/* Inside a transaction, so that two processes do not both create the tables. */
static enum tph_status check_schema(struct tph_store *store) {
    int64_t application = 0, version = 0, tables = 0;
    enum tph_status status = read_number(store, "PRAGMA application_id", &application);
    if (status == TPH_OK) status = read_number(store, "PRAGMA user_version", &version);
    if (status == TPH_OK)
        status = read_number(store, "SELECT count(*) FROM sqlite_schema", &tables);
    if (status != TPH_OK) return status;
    if (application == APPLICATION_ID && version == SCHEMA_VERSION) return TPH_OK;
    if (application == APPLICATION_ID && version > SCHEMA_VERSION)
        return tph_store_fail(store, TPH_EREFUSED, "refused: written by a newer trapheus");
    if (application != 0 || version != 0 || tables != 0)
        return tph_store_fail(store, TPH_EREFUSED, "refused: not a journal of trapheus");
    char stamp[80];
    snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             APPLICATION_ID, SCHEMA_VERSION);
    status = execute(store, schema);
    return status == TPH_OK ? execute(store, stamp) : status;
}

static enum tph_status make_schema(struct tph_store *store) {
    enum tph_status status = execute(store, "BEGIN IMMEDIATE");
    if (status != TPH_OK) return status;
    status = check_schema(store);
    if (status == TPH_OK) return execute(store, "COMMIT");
    sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static enum tph_status open_database(struct tph_store *store) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(store->path.data, &store->database, flags, NULL);
    if (!store->database) return TPH_ENOMEM;
    if (code != SQLITE_OK) return tph_store_fail_sqlite(store);
    sqlite3_busy_timeout(store->database, BUSY_MS);
    sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    return TPH_OK;
}

static enum tph_status prepare_statements(struct tph_store *store) {
    for (size_t i = 0; i < STORE_STATEMENT_COUNT; i++)
        if (sqlite3_prepare_v3(store->database, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK)
            return tph_store_fail_sqlite(store);
    return TPH_OK;
}

enum tph_status tph_store_open(struct tph_store *store, const char *directory) {
    if (store->path.length_bytes) return TPH_EINVAL;
    enum tph_status status = tph_buf_append(&store->path, tph_str_from(directory));
    if (status == TPH_OK) status = make_directory(store, directory);
    if (status == TPH_OK) status = tph_buf_append(&store->path, TPH_STR("/journal.db"));
    if (status == TPH_OK) status = make_file(store);
    if (status == TPH_OK) status = open_database(store);
    if (status == TPH_OK) status = make_schema(store);
    if (status == TPH_OK) status = execute(store, settings);
    if (status == TPH_OK) status = prepare_statements(store);
    return status;
}
