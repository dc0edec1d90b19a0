/* store_private.h - shared by store.c and store_open.c. */
#ifndef TRAPHEUS_STORE_PRIVATE_H
#define TRAPHEUS_STORE_PRIVATE_H

#include "trapheus/store.h"
#include <sqlite3.h>

/* Every statement of the store: prepared once, when it is opened. */
#define STORE_STATEMENT_MAP(X)                                                                     \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                    \
    X(COMMIT, "COMMIT")                                                                            \
    X(ROLLBACK, "ROLLBACK")                                                                        \
    X(PUT_RUN, "INSERT INTO runs (run_id, document, created_ms, updated_ms)"                       \
               " VALUES (?1, ?2, ?3, ?3) ON CONFLICT (run_id)"                                     \
               " DO UPDATE SET document = ?2, updated_ms = ?3")                                    \
    X(PUT_RECORD, "INSERT INTO records (run_id, seq, time_ms, kind, record)"                       \
                  " SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3, ?4 FROM records"                 \
                  " WHERE run_id = ?1")                                                            \
    X(GET_RUN, "SELECT run_id, document, created_ms, updated_ms FROM runs WHERE run_id = ?1")      \
    X(LIST_RUNS, "SELECT run_id, document, created_ms, updated_ms FROM runs"                       \
                 " ORDER BY created_ms DESC, rowid DESC")                                          \
    X(LIST_RECORDS, "SELECT seq, time_ms, kind, record FROM records WHERE run_id = ?1"             \
                    " ORDER BY seq")                                                               \
    X(GET_LOCK, "SELECT run_id, host, boot_id, pid, expires_ms FROM locks WHERE name = ?1")        \
    X(PUT_LOCK, "REPLACE INTO locks (name, run_id, host, boot_id, pid, expires_ms)"                \
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6)")                                                \
    X(DELETE_LOCK, "DELETE FROM locks WHERE name = ?1 AND run_id = ?2")                            \
    X(CHECK, "PRAGMA integrity_check(1)")

enum store_statement {
#define STORE_STATEMENT_NAME(name, sql) STORE_##name,
    STORE_STATEMENT_MAP(STORE_STATEMENT_NAME)
#undef STORE_STATEMENT_NAME
        STORE_STATEMENT_COUNT
};

struct tph_store {
    sqlite3 *database;
    sqlite3_stmt *statements[STORE_STATEMENT_COUNT];
    struct tph_buf path, message;
    struct tph_buf holder; /* the texts of the lock owner last handed out */
};

/* Records "PATH: why" for tph_store_message() and returns the status. */
enum tph_status tph_store_fail(struct tph_store *, enum tph_status, const char *why);

/* The same with what SQLite has to say. */
enum tph_status tph_store_fail_sqlite(struct tph_store *);

#endif
