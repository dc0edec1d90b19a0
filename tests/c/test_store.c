#include "unit.h"
#include "trapheus/store.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64], file[96];

static int set_up(void **state) {
    strcpy(directory, "/tmp/test_store.XXXXXX");
    if (!mkdtemp(directory)) return -1;
    snprintf(file, sizeof file, "%s/journal.db", directory);
    return 0;
}

static int tear_down(void **state) {
    static const char *const endings[] = {"", "-wal", "-shm"};
    char path[112];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", file, endings[i]);
        unlink(path);
    }
    chmod(directory, 0700);
    return rmdir(directory);
}

static struct tph_store *open_store(void) {
    struct tph_store *store = NULL;
    assert_int_equal(tph_store_new(&store), TPH_OK);
    assert_int_equal(tph_store_open(store, directory), TPH_OK);
    return store;
}

static void expect_refusal(enum tph_status expected, const char *message) {
    struct tph_store *store = NULL;
    assert_int_equal(tph_store_new(&store), TPH_OK);
    assert_int_equal(tph_store_open(store, directory), expected);
    if (!strstr(tph_store_message(store), message)) fail_msg("%s", tph_store_message(store));
    assert_non_null(strstr(tph_store_message(store), directory));
    tph_store_free(store);
}

static void save(struct tph_store *store, const char *run_id, const char *document,
                 int64_t now_ms) {
    assert_int_equal(tph_store_save(store, tph_str_from(run_id), TPH_STR("intent"),
                                    tph_str_from(document), TPH_STR("{}"), now_ms),
                     TPH_OK);
}

static void what_was_saved_is_there_after_reopening(void **state) {
    struct tph_store *store = open_store();
    save(store, "run-1", "{\"step\":1}", 100);
    save(store, "run-1", "{\"step\":2}", 200);
    save(store, "run-2", "{}", 200);
    tph_store_free(store);
    store = open_store();
    struct tph_store_run run;
    bool found = false;
    assert_int_equal(tph_store_load(store, TPH_STR("run-1"), &run, &found), TPH_OK);
    assert_true(found && tph_str_equal(run.document, TPH_STR("{\"step\":2}")));
    assert_int_equal(run.created_ms, 100);
    assert_int_equal(run.updated_ms, 200);
    assert_int_equal(tph_store_load(store, TPH_STR("run-3"), &run, &found), TPH_OK);
    assert_false(found);
    struct tph_store_record record;
    assert_int_equal(tph_store_list_records(store, TPH_STR("run-1")), TPH_OK);
    for (int seq = 1; seq <= 2; seq++) {
        assert_int_equal(tph_store_next_record(store, &record, &found), TPH_OK);
        assert_true(found && record.seq == seq && record.time_ms == seq * 100);
        assert_true(tph_str_equal(record.kind, TPH_STR("intent")));
    }
    assert_int_equal(tph_store_next_record(store, &record, &found), TPH_OK);
    assert_false(found);
    assert_int_equal(tph_store_check(store), TPH_OK);
    tph_store_free(store);
}

static void runs_are_listed_newest_first(void **state) {
    struct tph_store *store = open_store();
    const char *expected[] = {"c", "b", "a"};
    save(store, "a", "{}", 1);
    save(store, "b", "{}", 2);
    save(store, "c", "{}", 2);
    save(store, "a", "{}", 3);
    struct tph_store_run run;
    bool found;
    assert_int_equal(tph_store_list_runs(store), TPH_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tph_store_next_run(store, &run, &found), TPH_OK);
        assert_true(found && tph_str_equal(run.run_id, tph_str_from(expected[i])));
    }
    save(store, "d", "{}", 4); /* ends the walk, and is not blocked by it */
    tph_store_free(store);
}

static void the_journal_is_private(void **state) {
    struct stat info;
    mode_t before = umask(0);
    rmdir(directory);
    struct tph_store *store = open_store();
    save(store, "run-1", "{}", 1);
    umask(before);
    assert_int_equal(stat(directory, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(stat(file, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    char log[112];
    snprintf(log, sizeof log, "%s-wal", file);
    assert_int_equal(stat(log, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    tph_store_free(store);
}

static void what_others_may_write_is_refused(void **state) {
    chmod(directory, 0770);
    expect_refusal(TPH_EREFUSED, "others may write it");
    chmod(directory, 0700);
    tph_store_free(open_store());
    chmod(file, 0602);
    expect_refusal(TPH_EREFUSED, "others may write it");
}

static void a_link_is_not_followed(void **state) {
    assert_int_equal(symlink("/dev/null", file), 0);
    expect_refusal(TPH_ESTORE, "symbolic links");
}

static void execute(const char *sql) {
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(file, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    chmod(file, 0600);
}

static void a_newer_or_foreign_file_is_refused(void **state) {
    tph_store_free(open_store());
    execute("PRAGMA user_version = 99");
    expect_refusal(TPH_EREFUSED, "newer");
    unlink(file);
    execute("CREATE TABLE shopping (item TEXT)");
    expect_refusal(TPH_EREFUSED, "not a journal of trapheus");
}

static void overwrite(long offset, size_t count) {
    FILE *stream = fopen(file, "r+");
    assert_non_null(stream);
    fseek(stream, offset, SEEK_SET);
    for (size_t i = 0; i < count; i++) fputc(0x5a, stream);
    fclose(stream);
}

static void a_damaged_file_is_refused(void **state) {
    tph_store_free(open_store());
    overwrite(0, 100);
    expect_refusal(TPH_ESTORE, "move the journal aside");
}

static void damage_inside_is_found_by_the_check(void **state) {
    struct tph_store *store = open_store();
    for (int i = 0; i < 200; i++) save(store, "run-1", "{}", i);
    tph_store_free(store);
    struct stat info;
    assert_int_equal(stat(file, &info), 0);
    overwrite(info.st_size - 4096, 4096);
    store = open_store();
    assert_int_equal(tph_store_check(store), TPH_ESTORE);
    assert_non_null(strstr(tph_store_message(store), file));
    tph_store_free(store);
}

static void a_failed_save_changes_nothing(void **state) {
    struct tph_store *store = open_store();
    save(store, "run-1", "{\"step\":1}", 1);
    execute("CREATE TRIGGER full BEFORE INSERT ON records"
            " BEGIN SELECT raise(ABORT, 'no room'); END");
    assert_int_equal(tph_store_save(store, TPH_STR("run-1"), TPH_STR("step"),
                                    TPH_STR("{\"step\":2}"), TPH_STR("{}"), 2),
                     TPH_ESTORE);
    assert_non_null(strstr(tph_store_message(store), "no room"));
    struct tph_store_run run;
    bool found = false;
    assert_int_equal(tph_store_load(store, TPH_STR("run-1"), &run, &found), TPH_OK);
    assert_true(found && tph_str_equal(run.document, TPH_STR("{\"step\":1}")));
    execute("DROP TRIGGER full");
    save(store, "run-1", "{\"step\":2}", 2);
    tph_store_free(store);
}

static struct tph_store_owner owner(const char *run_id, const char *boot_id, int64_t pid) {
    return (struct tph_store_owner){.run_id = tph_str_from(run_id),
                                    .host = TPH_STR("here"),
                                    .boot_id = tph_str_from(boot_id),
                                    .pid = pid,
                                    .expires_ms = 1000};
}

static enum tph_status lock(struct tph_store *store, struct tph_store_owner who, int64_t now_ms) {
    struct tph_store_owner holder = {0};
    enum tph_status status = tph_store_lock(store, TPH_STR("orders"), &who, now_ms, &holder);
    if (status == TPH_ELOCKED) {
        assert_true(tph_str_equal(holder.run_id, TPH_STR("run-1")));
        assert_true(tph_str_equal(holder.host, TPH_STR("here")));
        assert_true(tph_str_equal(holder.boot_id, TPH_STR("boot-1")));
        assert_int_equal(holder.pid, getpid());
        assert_int_equal(holder.expires_ms, 1000);
    }
    return status;
}

static void a_lock_has_one_holder(void **state) {
    struct tph_store *store = open_store(), *other = open_store();
    struct tph_store_owner second = owner("run-2", "boot-1", getppid());
    struct tph_store_owner elsewhere = owner("run-1", "boot-2", 1);
    elsewhere.host = TPH_STR("there");
    assert_int_equal(lock(store, owner("run-1", "boot-1", getpid()), 0), TPH_OK);
    assert_int_equal(lock(store, owner("run-1", "boot-1", getpid()), 1), TPH_OK);
    assert_int_equal(lock(other, second, 1), TPH_ELOCKED);
    assert_int_equal(lock(other, elsewhere, 999), TPH_ELOCKED);
    assert_int_equal(tph_store_unlock(other, TPH_STR("orders"), TPH_STR("run-2")), TPH_OK);
    assert_int_equal(lock(other, second, 1), TPH_ELOCKED);
    assert_int_equal(tph_store_unlock(store, TPH_STR("orders"), TPH_STR("run-1")), TPH_OK);
    assert_int_equal(lock(other, second, 1), TPH_OK);
    tph_store_free(store);
    tph_store_free(other);
}

static void a_lock_is_seen_without_taking_it(void **state) {
    struct tph_store *store = open_store();
    struct tph_store_owner holder = {0}, asker = owner("", "boot-1", getppid());
    const struct tph_str name = TPH_STR("orders");
    assert_int_equal(tph_store_holder(store, name, &asker, 0, &holder), TPH_OK);
    assert_int_equal(lock(store, owner("run-1", "boot-1", getpid()), 0), TPH_OK);
    assert_int_equal(tph_store_holder(store, name, &asker, 999, &holder), TPH_ELOCKED);
    assert_int_equal(holder.pid, getpid());
    assert_true(tph_str_equal(holder.run_id, TPH_STR("run-1")));
    assert_int_equal(tph_store_holder(store, name, &asker, 1000, &holder), TPH_OK); /* expired */
    assert_int_equal(lock(store, owner("run-1", "boot-1", getpid()), 0), TPH_OK);
    tph_store_free(store);
}

static void a_lock_passes_on_when_its_holder_is_gone(void **state) {
    struct tph_store *store = open_store();
    pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, NULL, 0);
    assert_int_equal(lock(store, owner("run-0", "boot-0", getppid()), 0), TPH_OK);
    assert_int_equal(lock(store, owner("run-0", "boot-1", child), 1), TPH_OK);    /* rebooted */
    assert_int_equal(lock(store, owner("run-1", "boot-1", getpid()), 1), TPH_OK); /* ended */
    assert_int_equal(lock(store, owner("run-2", "boot-1", getppid()), 999), TPH_ELOCKED);
    assert_int_equal(lock(store, owner("run-2", "boot-1", getppid()), 1000), TPH_OK); /* expired */
    tph_store_free(store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_saved_is_there_after_reopening, set_up, tear_down),
        cmocka_unit_test_setup_teardown(runs_are_listed_newest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_journal_is_private, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_others_may_write_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_is_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newer_or_foreign_file_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_inside_is_found_by_the_check, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_save_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lock_has_one_holder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lock_is_seen_without_taking_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lock_passes_on_when_its_holder_is_gone, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
