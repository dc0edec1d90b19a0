#include "store_private.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

static int bind_text(sqlite3_stmt *statement, int index, struct tph_str text) {
    return sqlite3_bind_text64(statement, index, text.data ? text.data : "", text.length_bytes,
                               SQLITE_TRANSIENT, SQLITE_UTF8);
}

/* Ends whatever walk is on, binds the values (one letter each: t for a struct tph_str, i for an
 * int64_t) and leaves the statement ready to step. */
static enum tph_status bind(struct tph_store *store, enum store_statement which, const char *types,
                            va_list values) {
    for (size_t i = 0; i < STORE_STATEMENT_COUNT; i++) sqlite3_reset(store->statements[i]);
    sqlite3_stmt *statement = store->statements[which];
    int code = SQLITE_OK;
    for (int i = 1; code == SQLITE_OK && *types; i++, types++)
        code = *types == 'i' ? sqlite3_bind_int64(statement, i, va_arg(values, int64_t))
                             : bind_text(statement, i, va_arg(values, struct tph_str));
    return code == SQLITE_OK ? TPH_OK : tph_store_fail_sqlite(store);
}

/* Runs a statement that gives no rows. */
static enum tph_status run(struct tph_store *store, enum store_statement which, const char *types,
                           ...) {
    va_list values;
    va_start(values, types);
    enum tph_status status = bind(store, which, types, values);
    va_end(values);
    if (status == TPH_OK && sqlite3_step(store->statements[which]) != SQLITE_DONE)
        status = tph_store_fail_sqlite(store);
    return status;
}

/* Takes the next row of a statement, which keeps it until the next call. */
static enum tph_status next_row(struct tph_store *store, enum store_statement which, bool *found) {
    int code = sqlite3_step(store->statements[which]);
    if (code != SQLITE_ROW && code != SQLITE_DONE) return tph_store_fail_sqlite(store);
    *found = code == SQLITE_ROW;
    if (!*found) sqlite3_reset(store->statements[which]);
    return TPH_OK;
}

static enum tph_status begin_rows(struct tph_store *store, enum store_statement which,
                                  const char *types, ...) {
    va_list values;
    va_start(values, types);
    enum tph_status status = bind(store, which, types, values);
    va_end(values);
    return status;
}

/* Commits, or rolls back after a failure and gives that failure on. */
static enum tph_status end_transaction(struct tph_store *store, enum tph_status status) {
    if (status == TPH_OK) status = run(store, STORE_COMMIT, "");
    if (status == TPH_OK || sqlite3_get_autocommit(store->database)) return status;
    for (size_t i = 0; i < STORE_STATEMENT_COUNT; i++) sqlite3_reset(store->statements[i]);
    sqlite3_step(store->statements[STORE_ROLLBACK]); /* the message tells of the first failure */
    return status;
}

enum tph_status tph_store_save(struct tph_store *store, struct tph_str run_id, struct tph_str kind,
                               struct tph_str document, struct tph_str record, int64_t now_ms) {
    enum tph_status status = run(store, STORE_BEGIN, "");
    if (status != TPH_OK) return status;
    status = run(store, STORE_PUT_RUN, "tti", run_id, document, now_ms);
    if (status == TPH_OK)
        status = run(store, STORE_PUT_RECORD, "titt", run_id, now_ms, kind, record);
    return end_transaction(store, status);
}

/* No column is null, so that a text that is missing is memory that was. */
static bool read_text(sqlite3_stmt *row, int column, struct tph_str *out) {
    out->data = (const char *)sqlite3_column_text(row, column);
    out->length_bytes = (size_t)sqlite3_column_bytes(row, column);
    return out->data != NULL;
}

static enum tph_status read_run(struct tph_store *store, enum store_statement which,
                                struct tph_store_run *out, bool *found) {
    bool more = false;
    enum tph_status status = next_row(store, which, &more);
    sqlite3_stmt *row = store->statements[which];
    if (status == TPH_OK && more) {
        struct tph_store_run run = {.created_ms = sqlite3_column_int64(row, 2),
                                    .updated_ms = sqlite3_column_int64(row, 3)};
        if (!read_text(row, 0, &run.run_id) || !read_text(row, 1, &run.document))
            return tph_store_fail_sqlite(store);
        *out = run;
    }
    if (status == TPH_OK) *found = more;
    return status;
}

enum tph_status tph_store_load(struct tph_store *store, struct tph_str run_id,
                               struct tph_store_run *out, bool *found) {
    enum tph_status status = begin_rows(store, STORE_GET_RUN, "t", run_id);
    return status == TPH_OK ? read_run(store, STORE_GET_RUN, out, found) : status;
}

enum tph_status tph_store_list_runs(struct tph_store *store) {
    return begin_rows(store, STORE_LIST_RUNS, "");
}

enum tph_status tph_store_next_run(struct tph_store *store, struct tph_store_run *out,
                                   bool *found) {
    return read_run(store, STORE_LIST_RUNS, out, found);
}

enum tph_status tph_store_list_records(struct tph_store *store, struct tph_str run_id) {
    return begin_rows(store, STORE_LIST_RECORDS, "t", run_id);
}

enum tph_status tph_store_next_record(struct tph_store *store, struct tph_store_record *out,
                                      bool *found) {
    bool more = false;
    enum tph_status status = next_row(store, STORE_LIST_RECORDS, &more);
    sqlite3_stmt *row = store->statements[STORE_LIST_RECORDS];
    if (status == TPH_OK && more) {
        struct tph_store_record record = {.seq = sqlite3_column_int64(row, 0),
                                          .time_ms = sqlite3_column_int64(row, 1)};
        if (!read_text(row, 2, &record.kind) || !read_text(row, 3, &record.record))
            return tph_store_fail_sqlite(store);
        *out = record;
    }
    if (status == TPH_OK) *found = more;
    return status;
}

static bool same_owner(const struct tph_store_owner *a, const struct tph_store_owner *b) {
    return tph_str_equal(a->run_id, b->run_id) && tph_str_equal(a->host, b->host) &&
           tph_str_equal(a->boot_id, b->boot_id) && a->pid == b->pid;
}

/* What can be known from owner's host only. A number that is in use again makes a dead holder
 * look alive, which is the safe mistake: the lock then lasts until it expires. */
static bool is_gone(const struct tph_store_owner *holder, const struct tph_store_owner *owner) {
    if (!tph_str_equal(holder->host, owner->host)) return false;
    if (!tph_str_equal(holder->boot_id, owner->boot_id)) return true;
    return holder->pid != owner->pid && kill((pid_t)holder->pid, 0) != 0 && errno == ESRCH;
}

/* Leaves *out alone when nobody has the lock. */
static enum tph_status read_lock(struct tph_store *store, struct tph_str name,
                                 struct tph_store_owner *out) {
    bool found = false;
    enum tph_status status = begin_rows(store, STORE_GET_LOCK, "t", name);
    if (status == TPH_OK) status = next_row(store, STORE_GET_LOCK, &found);
    if (status != TPH_OK || !found) return status;
    sqlite3_stmt *row = store->statements[STORE_GET_LOCK];
    struct tph_store_owner owner = {.pid = sqlite3_column_int64(row, 3),
                                    .expires_ms = sqlite3_column_int64(row, 4)};
    if (!read_text(row, 0, &owner.run_id) || !read_text(row, 1, &owner.host) ||
        !read_text(row, 2, &owner.boot_id))
        return tph_store_fail_sqlite(store);
    *out = owner;
    return TPH_OK;
}

/* Moves the owner's texts out of the row, which ends with the transaction. */
static enum tph_status keep_owner(struct tph_store *store, struct tph_store_owner *owner) {
    struct tph_str *texts[] = {&owner->run_id, &owner->host, &owner->boot_id};
    enum tph_status status = TPH_OK;
    tph_buf_truncate(&store->holder, 0);
    for (size_t i = 0; status == TPH_OK && i < 3; i++)
        status = tph_buf_append(&store->holder, *texts[i]);
    const char *text = store->holder.data;
    for (size_t i = 0; status == TPH_OK && i < 3; text += texts[i++]->length_bytes)
        texts[i]->data = text;
    return status;
}

enum tph_status tph_store_holder(struct tph_store *store, struct tph_str name,
                                 const struct tph_store_owner *asker, int64_t now_ms,
                                 struct tph_store_owner *holder) {
    struct tph_store_owner current = {.expires_ms = INT64_MIN};
    enum tph_status status = read_lock(store, name, &current);
    if (status != TPH_OK || current.expires_ms <= now_ms) return status;
    if (same_owner(&current, asker) || is_gone(&current, asker)) return TPH_OK;
    status = keep_owner(store, &current);
    if (status != TPH_OK) return status;
    *holder = current;
    return TPH_ELOCKED;
}

static enum tph_status take_lock(struct tph_store *store, struct tph_str name,
                                 const struct tph_store_owner *owner, int64_t now_ms,
                                 struct tph_store_owner *holder) {
    enum tph_status status = tph_store_holder(store, name, owner, now_ms, holder);
    if (status != TPH_OK) return status;
    return run(store, STORE_PUT_LOCK, "ttttii", name, owner->run_id, owner->host, owner->boot_id,
               owner->pid, owner->expires_ms);
}

enum tph_status tph_store_lock(struct tph_store *store, struct tph_str name,
                               const struct tph_store_owner *owner, int64_t now_ms,
                               struct tph_store_owner *holder) {
    enum tph_status status = run(store, STORE_BEGIN, "");
    if (status != TPH_OK) return status;
    return end_transaction(store, take_lock(store, name, owner, now_ms, holder));
}

enum tph_status tph_store_unlock(struct tph_store *store, struct tph_str name,
                                 struct tph_str run_id) {
    return run(store, STORE_DELETE_LOCK, "tt", name, run_id);
}

enum tph_status tph_store_check(struct tph_store *store) {
    bool found = false;
    enum tph_status status = begin_rows(store, STORE_CHECK, "");
    if (status == TPH_OK) status = next_row(store, STORE_CHECK, &found);
    if (status != TPH_OK || !found) return status;
    const char *answer = (const char *)sqlite3_column_text(store->statements[STORE_CHECK], 0);
    if (!answer) return tph_store_fail_sqlite(store);
    if (strcmp(answer, "ok") != 0) status = tph_store_fail(store, TPH_ESTORE, answer);
    sqlite3_reset(store->statements[STORE_CHECK]);
    return status;
}
