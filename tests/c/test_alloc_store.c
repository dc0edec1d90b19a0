/* The journal, when memory runs out. */
#include "faulty.h"
#include "trapheus/store.h"
#include <stdio.h>
#include <unistd.h>

static char directory[64];
static struct tph_store *store;
static char document[10000]; /* longer than a page, so that SQLite has to put it together */
static char number;          /* of the document last saved: its first character */

static void remove_journal(void) {
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    char path[112];
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/journal.db%s", directory, endings[i]);
        unlink(path);
    }
}

static int set_up(void **state) {
    const char *base =
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* thousands of fsyncs */
    snprintf(directory, sizeof directory, "%s/test_alloc_store.XXXXXX", base);
    memset(document, 'd', sizeof document - 1);
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state) {
    tph_store_free(store);
    store = NULL;
    remove_journal();
    return rmdir(directory);
}

static void open_store(void) {
    assert_int_equal(tph_store_new(&store), TPH_OK);
    assert_int_equal(tph_store_open(store, directory), TPH_OK);
}

static enum tph_status save(char first) {
    document[0] = first;
    return tph_store_save(store, TPH_STR("run"), TPH_STR("step"), tph_str_from(document),
                          TPH_STR("{}"), first);
}

static void expect_saved(void) {
    struct tph_store_run run;
    bool found = false;
    assert_int_equal(tph_store_load(store, TPH_STR("run"), &run, &found), TPH_OK);
    assert_true(found);
    assert_int_equal(run.document.length_bytes, sizeof document - 1);
    assert_int_equal(run.document.data[0], number);
    assert_int_equal(run.updated_ms, number);
}

static enum tph_status try_opening(void *context) {
    struct tph_store *made = NULL;
    remove_journal();
    enum tph_status status = tph_store_new(&made);
    if (status == TPH_OK) status = FAULTY(tph_store_open(made, directory));
    assert_true(strlen(tph_store_message(made)) > 0);
    tph_store_free(made);
    open_store(); /* what was left behind is no obstacle */
    number = 'a';
    assert_int_equal(save(number), TPH_OK);
    expect_saved();
    tph_store_free(store);
    store = NULL;
    return status;
}

static void opening_again_goes_well(void **state) { faulty_sweep(try_opening, NULL); }

static enum tph_status try_saving(void *context) {
    char next = number == 'a' ? 'b' : 'a';
    enum tph_status status = FAULTY(save(next));
    if (status == TPH_OK) number = next;
    expect_saved();
    return status;
}

static void a_run_is_saved_or_as_before(void **state) {
    open_store();
    number = 'a';
    assert_int_equal(save(number), TPH_OK);
    faulty_sweep(try_saving, NULL);
    assert_int_equal(tph_store_check(store), TPH_OK);
}

static enum tph_status try_loading(void *context) {
    struct tph_store_run run = {.created_ms = -1};
    bool found = false;
    enum tph_status status = FAULTY(tph_store_load(store, TPH_STR("run"), &run, &found));
    assert_int_equal(found, status == TPH_OK);
    assert_int_equal(run.created_ms, status == TPH_OK ? 'a' : -1);
    assert_int_equal(run.document.length_bytes, status == TPH_OK ? sizeof document - 1 : 0);
    return status;
}

static enum tph_status list_all(size_t *runs, size_t *records) {
    struct tph_store_run run;
    struct tph_store_record record;
    bool found = true;
    enum tph_status status = tph_store_list_runs(store);
    while (status == TPH_OK && found) {
        status = tph_store_next_run(store, &run, &found);
        if (status == TPH_OK && found && run.document.length_bytes == sizeof document - 1) ++*runs;
    }
    found = true;
    if (status == TPH_OK) status = tph_store_list_records(store, TPH_STR("run"));
    while (status == TPH_OK && found) {
        status = tph_store_next_record(store, &record, &found);
        if (status == TPH_OK && found && tph_str_equal(record.record, TPH_STR("{}"))) ++*records;
    }
    return status;
}

static enum tph_status try_listing(void *context) {
    size_t runs = 0, records = 0;
    enum tph_status status = FAULTY(list_all(&runs, &records));
    if (status == TPH_OK) assert_true(runs == 1 && records == 3);
    return status;
}

static void what_is_read_is_whole(void **state) {
    open_store();
    for (int i = 0; i < 3; i++) assert_int_equal(save('a'), TPH_OK);
    faulty_sweep(try_loading, NULL);
    faulty_sweep(try_listing, NULL);
}

static struct tph_store_owner owner_of(struct tph_str run_id) {
    return (struct tph_store_owner){.run_id = run_id,
                                    .host = TPH_STR("a-host"),
                                    .boot_id = TPH_STR("a-boot"),
                                    .pid = getpid(),
                                    .expires_ms = 1000};
}

/* True when the lock is the run's; asking renews it. */
static bool has_lock(struct tph_str run_id) {
    struct tph_store_owner owner = owner_of(run_id), holder;
    return tph_store_lock(store, TPH_STR("lock"), &owner, 0, &holder) == TPH_OK;
}

static enum tph_status try_locking(void *context) {
    struct tph_store_owner owner = owner_of(TPH_STR("mine")), holder;
    enum tph_status status = FAULTY(tph_store_lock(store, TPH_STR("lock"), &owner, 0, &holder));
    assert_int_equal(has_lock(TPH_STR("other")), status != TPH_OK);
    assert_int_equal(tph_store_unlock(store, TPH_STR("lock"), TPH_STR("mine")), TPH_OK);
    assert_int_equal(tph_store_unlock(store, TPH_STR("lock"), TPH_STR("other")), TPH_OK);
    return status;
}

static enum tph_status try_contending(void *context) {
    struct tph_store_owner owner = owner_of(TPH_STR("mine")), holder = {.pid = -1};
    enum tph_status status = FAULTY(tph_store_lock(store, TPH_STR("lock"), &owner, 0, &holder));
    assert_int_not_equal(status, TPH_OK);
    assert_int_equal(holder.pid, status == TPH_ELOCKED ? getpid() : -1);
    if (status != TPH_ELOCKED) return status;
    assert_true(tph_str_equal(holder.run_id, TPH_STR("other")));
    assert_true(tph_str_equal(holder.host, TPH_STR("a-host")));
    return TPH_OK;
}

static enum tph_status try_unlocking(void *context) {
    assert_true(has_lock(TPH_STR("other")));
    enum tph_status status = FAULTY(tph_store_unlock(store, TPH_STR("lock"), TPH_STR("other")));
    assert_int_equal(has_lock(TPH_STR("mine")), status == TPH_OK);
    assert_int_equal(tph_store_unlock(store, TPH_STR("lock"), TPH_STR("mine")), TPH_OK);
    return status;
}

static void a_lock_has_one_holder(void **state) {
    open_store();
    faulty_sweep(try_locking, NULL);
    faulty_sweep(try_unlocking, NULL);
    assert_true(has_lock(TPH_STR("other")));
    faulty_sweep(try_contending, NULL);
}

static enum tph_status try_checking(void *context) { return FAULTY(tph_store_check(store)); }

static void a_check_finds_no_damage_that_is_not_there(void **state) {
    open_store();
    number = 'a';
    assert_int_equal(save(number), TPH_OK);
    faulty_sweep(try_checking, NULL);
    expect_saved();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opening_again_goes_well, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_run_is_saved_or_as_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_read_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lock_has_one_holder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_check_finds_no_damage_that_is_not_there, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, faulty_set_up, NULL);
}
