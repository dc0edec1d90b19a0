#include "sigv4_plan.h"
#include <openssl/crypto.h>
#include <stddef.h>
#include <string.h>

bool tph_sigv4_replaces(const struct tph_sigv4_identity *identity, struct tph_str name) {
    bool token = identity->credentials->session_token.length_bytes > 0;
    return tph_str_equal_nocase(name, TPH_STR("authorization")) ||
           tph_str_equal_nocase(name, TPH_STR("x-amz-date")) ||
           (token && tph_str_equal_nocase(name, TPH_STR("x-amz-security-token"))) ||
           (identity->sign_body && tph_str_equal_nocase(name, TPH_STR("x-amz-content-sha256")));
}

static enum tph_status append_all(struct tph_buf *out, size_t count, const struct tph_str *texts) {
    enum tph_status status = TPH_OK;
    for (size_t i = 0; i < count && status == TPH_OK; i++) status = tph_buf_append(out, texts[i]);
    return status;
}

/* "20150830/us-east-1/service/aws4_request" */
static enum tph_status append_scope(const struct tph_sigv4_plan *plan, struct tph_buf *out) {
    const struct tph_str parts[] = {{plan->date, 8},         TPH_STR("/"),
                                    plan->identity->region,  TPH_STR("/"),
                                    plan->identity->service, TPH_STR("/aws4_request")};
    return append_all(out, sizeof parts / sizeof *parts, parts);
}

static enum tph_status append_string_to_sign(const struct tph_sigv4_plan *plan,
                                             struct tph_str canonical, struct tph_buf *out) {
    unsigned char hash[tph_sha256_bytes];
    const struct tph_str head[] = {TPH_STR("AWS4-HMAC-SHA256\n"), {plan->date, 16}, TPH_STR("\n")};
    enum tph_status status = tph_sha256_digest(plan->sha256, canonical, hash);
    if (status == TPH_OK) status = append_all(out, 3, head);
    if (status == TPH_OK) status = append_scope(plan, out);
    if (status == TPH_OK) status = tph_buf_append_char(out, '\n');
    if (status == TPH_OK) status = tph_buf_append_hex(out, hash, sizeof hash);
    return status;
}

/* The first key of the chain: the secret itself. */
static enum tph_status day_key(const struct tph_sigv4_plan *plan, unsigned char *key) {
    struct tph_str secret = plan->identity->credentials->secret_access_key;
    struct tph_buf seed;
    tph_buf_init(&seed, secret.length_bytes + 4);
    enum tph_status status = tph_buf_append(&seed, TPH_STR("AWS4"));
    if (status == TPH_OK) status = tph_buf_append(&seed, secret);
    if (status == TPH_OK)
        status = tph_sha256_hmac(plan->sha256, tph_buf_view(&seed), (struct tph_str){plan->date, 8},
                                 key);
    tph_buf_wipe(&seed);
    return status;
}

/* Each HMAC is the key of the next. */
static enum tph_status derive_key(const struct tph_sigv4_plan *plan, unsigned char *key) {
    const struct tph_str seed = {(const char *)key, tph_sha256_bytes};
    const struct tph_str links[] = {plan->identity->region, plan->identity->service,
                                    TPH_STR("aws4_request")};
    enum tph_status status = day_key(plan, key);
    for (size_t i = 0; i < sizeof links / sizeof *links && status == TPH_OK; i++)
        status = tph_sha256_hmac(plan->sha256, seed, links[i], key);
    return status;
}

/* What the key is derived for. False: names too long to be kept. */
static bool write_key_scope(const struct tph_sigv4_plan *plan, struct tph_signing_key *scope) {
    struct tph_str region = plan->identity->region, service = plan->identity->service;
    if (region.length_bytes + service.length_bytes > sizeof scope->names) return false;
    memcpy(scope->day, plan->date, sizeof scope->day);
    memcpy(scope->names, region.data, region.length_bytes);
    memcpy(scope->names + region.length_bytes, service.data, service.length_bytes);
    scope->region_bytes = (uint32_t)region.length_bytes;
    scope->service_bytes = (uint32_t)service.length_bytes;
    return true;
}

/* The key is the same all day, so the last one is kept beside the secret, if that is ours. */
static enum tph_status signing_key(const struct tph_sigv4_plan *plan, unsigned char *key) {
    struct tph_signing_key *kept = plan->identity->credentials->derived, made = {.day = {0}};
    if (!kept || !write_key_scope(plan, &made)) return derive_key(plan, key);
    if (memcmp(kept, &made, offsetof(struct tph_signing_key, key)) != 0) {
        enum tph_status status = derive_key(plan, made.key);
        if (status == TPH_OK) *kept = made;
        OPENSSL_cleanse(made.key, sizeof made.key);
        if (status != TPH_OK) return status;
    }
    memcpy(key, kept->key, sizeof kept->key);
    return TPH_OK;
}

/* The last HMAC is the signature. */
static enum tph_status append_signature(const struct tph_sigv4_plan *plan,
                                        struct tph_str string_to_sign, struct tph_buf *out) {
    unsigned char key[tph_sha256_bytes];
    const struct tph_str seed = {(const char *)key, sizeof key};
    enum tph_status status = signing_key(plan, key);
    if (status == TPH_OK) status = tph_sha256_hmac(plan->sha256, seed, string_to_sign, key);
    if (status == TPH_OK) status = tph_buf_append_hex(out, key, sizeof key);
    OPENSSL_cleanse(key, sizeof key);
    return status;
}

static enum tph_status append_authorization(const struct tph_sigv4_plan *plan,
                                            struct tph_str signature, struct tph_buf *out) {
    const struct tph_str head[] = {TPH_STR("AWS4-HMAC-SHA256 Credential="),
                                   plan->identity->credentials->access_key_id, TPH_STR("/")};
    enum tph_status status = append_all(out, 3, head);
    if (status == TPH_OK) status = append_scope(plan, out);
    if (status == TPH_OK) status = tph_buf_append(out, TPH_STR(", SignedHeaders="));
    if (status == TPH_OK) status = tph_sigv4_plan_names(plan, out);
    if (status == TPH_OK) status = tph_buf_append(out, TPH_STR(", Signature="));
    if (status == TPH_OK) status = tph_buf_append(out, signature);
    return status;
}

static enum tph_status append_line(struct tph_buf *out, struct tph_str name, struct tph_str value) {
    const struct tph_str line[] = {name, TPH_STR(": "), value, TPH_STR("\r\n")};
    return append_all(out, 4, line);
}

static enum tph_status append_lines(const struct tph_sigv4_plan *plan, struct tph_str authorization,
                                    struct tph_buf *out) {
    enum tph_status status = TPH_OK;
    for (size_t i = 0; i < plan->added_count && status == TPH_OK; i++)
        status = append_line(out, plan->added[i].name, plan->added[i].value);
    if (status == TPH_OK) status = append_line(out, TPH_STR("authorization"), authorization);
    return status;
}

static enum tph_status append_canonical(const struct tph_sigv4_plan *plan, struct tph_str nothing,
                                        struct tph_buf *out) {
    (void)nothing;
    return tph_sigv4_plan_canonical(plan, out);
}

void tph_sigv4_init(struct tph_buf stages[TPH_SIGV4_STAGES]) {
    for (size_t i = 0; i < TPH_SIGV4_STAGES; i++) tph_buf_init(&stages[i], TPH_SIGV4_MAX_BYTES);
}

void tph_sigv4_wipe(struct tph_buf stages[TPH_SIGV4_STAGES]) {
    for (size_t i = 0; i < TPH_SIGV4_STAGES; i++) tph_buf_wipe(&stages[i]);
}

/* Each stage reads what the one before wrote. */
static enum tph_status run(const struct tph_sigv4_plan *plan, struct tph_buf *stages) {
    static enum tph_status (*const make[TPH_SIGV4_STAGES])(const struct tph_sigv4_plan *,
                                                           struct tph_str, struct tph_buf *) = {
        append_canonical,     append_string_to_sign, append_signature,
        append_authorization, append_lines,
    };
    struct tph_str made = {.data = NULL};
    enum tph_status status = TPH_OK;
    for (size_t i = 0; i < TPH_SIGV4_STAGES && status == TPH_OK; i++) {
        status = make[i](plan, made, &stages[i]);
        made = tph_buf_view(&stages[i]);
    }
    return status;
}

enum tph_status tph_sigv4_run(const struct tph_sigv4_request *request,
                              const struct tph_sigv4_identity *identity,
                              struct tph_buf stages[TPH_SIGV4_STAGES]) {
    struct tph_sha256 sha256;
    struct tph_sigv4_plan plan;
    enum tph_status status = tph_sha256_init(&sha256);
    if (status == TPH_OK) status = tph_sigv4_plan_init(&plan, request, identity, &sha256);
    if (status == TPH_OK) status = run(&plan, stages);
    if (status != TPH_OK) tph_sigv4_wipe(stages);
    tph_sha256_deinit(&sha256);
    return status;
}

enum tph_status tph_sigv4_sign(const struct tph_sigv4_request *request,
                               const struct tph_sigv4_identity *identity, struct tph_buf *out) {
    struct tph_buf stages[TPH_SIGV4_STAGES];
    tph_sigv4_init(stages);
    enum tph_status status = tph_sigv4_run(request, identity, stages);
    if (status == TPH_OK) status = tph_buf_append(out, tph_buf_view(&stages[TPH_SIGV4_LINES]));
    tph_sigv4_wipe(stages);
    return status;
}
