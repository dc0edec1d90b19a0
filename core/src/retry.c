#include "trapheus/retry.h"

static const char *const throttled[] = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
    NULL,
};

static const char *const transient[] = {"RequestTimeout", "RequestTimeoutException",
                                        "IDPCommunicationError", NULL};

/* What a signature of the wrong time is answered with, in one service or another. */
static const char *const clock_codes[] = {
    "RequestExpired",        "RequestTimeTooSkewed",      "RequestInTheFuture",
    "SignatureDoesNotMatch", "InvalidSignatureException", NULL};

static const int transient_statuses[] = {500, 502, 503, 504};

static bool among(struct tph_str code, const char *const *codes) {
    for (; *codes; codes++)
        if (tph_str_equal(code, tph_str_from(*codes))) return true;
    return false;
}

enum tph_retry_kind tph_retry_judge_reply(struct tph_str code, int http_status) {
    if (among(code, throttled)) return TPH_RETRY_THROTTLED;
    if (among(code, clock_codes)) return TPH_RETRY_CLOCK;
    if (among(code, transient)) return TPH_RETRY_TRANSIENT;
    for (size_t i = 0; i < sizeof transient_statuses / sizeof *transient_statuses; i++)
        if (http_status == transient_statuses[i]) return TPH_RETRY_TRANSIENT;
    return TPH_RETRY_NEVER;
}

enum tph_retry_kind tph_retry_judge_failure(enum tph_status status) {
    switch (status) {
    case TPH_ERESOLVE:
    case TPH_ECONNECT:
    case TPH_ETLS:
        return TPH_RETRY_UNSENT;
    case TPH_ETIMEDOUT:
    case TPH_EIO:
    case TPH_EPARSE:
        return TPH_RETRY_TRANSIENT;
    default:
        return TPH_RETRY_NEVER;
    }
}

bool tph_retry_allowed(enum tph_retry_kind kind, bool read_only) {
    if (kind == TPH_RETRY_TRANSIENT) return read_only;
    return kind == TPH_RETRY_THROTTLED || kind == TPH_RETRY_UNSENT;
}

unsigned tph_retry_cost(enum tph_status status) {
    return status == TPH_ETIMEDOUT || status == TPH_ECONNECT ? 10 : 5;
}

bool tph_retry_take(struct tph_retry_quota *quota, unsigned cost) {
    if (quota->tokens < cost) return false;
    quota->tokens -= cost;
    return true;
}

void tph_retry_refund(struct tph_retry_quota *quota, unsigned cost) {
    quota->tokens += cost ? cost : 1;
    if (quota->tokens > TPH_RETRY_TOKENS) quota->tokens = TPH_RETRY_TOKENS;
}
