#include "unit.h"
#include "trapheus/retry.h"

static void replies_are_judged_by_code_then_by_status(void **state) {
    static const struct {
        const char *code;
        int status;
        enum tph_retry_kind kind;
    } rows[] = {
        {"Throttling", 400, TPH_RETRY_THROTTLED},
        {"RequestLimitExceeded", 503, TPH_RETRY_THROTTLED},
        {"EC2ThrottledException", 400, TPH_RETRY_THROTTLED},
        {"RequestTimeout", 400, TPH_RETRY_TRANSIENT},
        {"InternalFailure", 500, TPH_RETRY_TRANSIENT},
        {"", 502, TPH_RETRY_TRANSIENT},
        {"ServiceUnavailable", 503, TPH_RETRY_TRANSIENT},
        {"", 504, TPH_RETRY_TRANSIENT},
        {"SignatureDoesNotMatch", 403, TPH_RETRY_CLOCK},
        {"RequestExpired", 400, TPH_RETRY_CLOCK},
        {"DBInstanceNotFound", 404, TPH_RETRY_NEVER},
        {"ExpiredToken", 403, TPH_RETRY_NEVER},
        {"", 501, TPH_RETRY_NEVER},
        {"Throttlin", 400, TPH_RETRY_NEVER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(tph_retry_judge_reply(tph_str_from(rows[i].code), rows[i].status),
                         rows[i].kind);
}

static void changes_are_repeated_only_when_not_begun(void **state) {
    static const struct {
        enum tph_status status;
        bool read, change;
    } rows[] = {
        {TPH_ERESOLVE, true, true},   {TPH_ECONNECT, true, true}, {TPH_ETLS, true, true},
        {TPH_ETIMEDOUT, true, false}, {TPH_EIO, true, false},     {TPH_EPARSE, true, false},
        {TPH_ETOOBIG, false, false},  {TPH_ENOMEM, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum tph_retry_kind kind = tph_retry_judge_failure(rows[i].status);
        assert_int_equal(tph_retry_allowed(kind, true), rows[i].read);
        assert_int_equal(tph_retry_allowed(kind, false), rows[i].change);
    }
    assert_true(tph_retry_allowed(TPH_RETRY_THROTTLED, false));
    assert_false(tph_retry_allowed(TPH_RETRY_CLOCK, true));
    assert_false(tph_retry_allowed(TPH_RETRY_NEVER, true));
}

static void the_quota_runs_dry_and_refills(void **state) {
    struct tph_retry_quota quota = {TPH_RETRY_TOKENS};
    tph_retry_refund(&quota, 10);
    assert_int_equal(quota.tokens, TPH_RETRY_TOKENS);
    for (int i = 0; i < 50; i++) assert_true(tph_retry_take(&quota, tph_retry_cost(TPH_ETIMEDOUT)));
    assert_false(tph_retry_take(&quota, tph_retry_cost(TPH_OK)));
    for (int i = 0; i < 4; i++) tph_retry_refund(&quota, 0);
    assert_false(tph_retry_take(&quota, 5));
    tph_retry_refund(&quota, 5);
    assert_true(tph_retry_take(&quota, 5));
    assert_int_equal(quota.tokens, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_judged_by_code_then_by_status),
        cmocka_unit_test(changes_are_repeated_only_when_not_begun),
        cmocka_unit_test(the_quota_runs_dry_and_refills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
