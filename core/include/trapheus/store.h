/* store.h - the journal: what the runs are and did, in one SQLite file, DIRECTORY/journal.db.
 *
 * Every change is one transaction that is on the disk when the call returns. The directory is
 * made private (0700) and so is the file (0600); what others may write, or somebody else owns,
 * is refused. Times are given by the caller, in milliseconds since the epoch.
 *
 * Not for secrets: the store keeps what it is given. */
#ifndef TRAPHEUS_STORE_H
#define TRAPHEUS_STORE_H

#include "trapheus/buf.h"
#include "trapheus/error.h"
#include <stdbool.h>
#include <stdint.h>

struct tph_store;

/* Rows; the views live until the next call on the store. */
struct tph_store_run {
    struct tph_str run_id, document;
    int64_t created_ms, updated_ms;
};
struct tph_store_record {
    int64_t seq, time_ms; /* seq counts from 1 within its run */
    struct tph_str kind, record;
};
struct tph_store_owner {
    struct tph_str run_id, host, boot_id;
    int64_t pid, expires_ms;
};

/* A store that is not open yet. On TPH_OK the caller owns *out. TPH_ENOMEM. */
enum tph_status tph_store_new(struct tph_store **out);

/* Closes and frees. NULL does nothing. */
void tph_store_free(struct tph_store *);

/* Opens the journal, and makes it and the last component of `directory` where they are missing.
 * TPH_EREFUSED: not private, or written by a newer version. TPH_ESTORE. Once only. */
enum tph_status tph_store_open(struct tph_store *, const char *directory);

/* Why the last call on this store failed, with the path: for the user. Never NULL. */
const char *tph_store_message(const struct tph_store *);

/* Each of these answers TPH_ESTORE when SQLite fails, having changed nothing. */

/* Replaces the run's document (or begins the run) and appends the record. */
enum tph_status tph_store_save(struct tph_store *, struct tph_str run_id, struct tph_str kind,
                               struct tph_str document, struct tph_str record, int64_t now_ms);

/* *found: whether there is such a run; then *out is filled. */
enum tph_status tph_store_load(struct tph_store *, struct tph_str run_id, struct tph_store_run *out,
                               bool *found);

/* Walk all runs, newest first, or the records of a run, oldest first: begin, then next until
 * *found is false. Any other call ends the walk. */
enum tph_status tph_store_list_runs(struct tph_store *);
enum tph_status tph_store_next_run(struct tph_store *, struct tph_store_run *out, bool *found);
enum tph_status tph_store_list_records(struct tph_store *, struct tph_str run_id);
enum tph_status tph_store_next_record(struct tph_store *, struct tph_store_record *out,
                                      bool *found);

/* Takes the lock, or renews it for the same run, host, boot and process, until owner->expires_ms.
 * A lock that has expired is taken over, and so is one whose holder is known to be gone: a process
 * of owner's host that has ended, or that lived before the host's last boot.
 * TPH_ELOCKED: *holder tells who has it. */
enum tph_status tph_store_lock(struct tph_store *, struct tph_str name,
                               const struct tph_store_owner *owner, int64_t now_ms,
                               struct tph_store_owner *holder);

/* TPH_ELOCKED: somebody else than the asker has the lock, and is not known to be gone: *holder
 * tells who. TPH_OK: nobody has. Takes nothing. */
enum tph_status tph_store_holder(struct tph_store *, struct tph_str name,
                                 const struct tph_store_owner *asker, int64_t now_ms,
                                 struct tph_store_owner *holder);

/* Gives the run's lock back; nothing happens when the run does not have it. */
enum tph_status tph_store_unlock(struct tph_store *, struct tph_str name, struct tph_str run_id);

/* Reads the whole file. TPH_ESTORE: it is damaged. */
enum tph_status tph_store_check(struct tph_store *);

#endif
