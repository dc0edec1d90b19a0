#include "sigv4_plan.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { hash_bytes = 32 };

bool tph_sigv4_replaces(const struct tph_sigv4_identity *identity, struct tph_str name) {
    bool token = identity->credentials->session_token.length_bytes > 0;
    return tph_str_equal_nocase(name, TPH_STR("authorization")) ||
           tph_str_equal_nocase(name, TPH_STR("x-amz-date")) ||
           (token && tph_str_equal_nocase(name, TPH_STR("x-amz-security-token"))) ||
           (identity->sign_body && tph_str_equal_nocase(name, TPH_STR("x-amz-content-sha256")));
}

static enum tph_status settle(enum tph_status status, struct tph_buf *out, size_t before) {
    if (status != TPH_OK) tph_buf_truncate(out, before);
    return status;
}

enum tph_status tph_sigv4_canonical(const struct tph_sigv4_request *request,
                                    const struct tph_sigv4_identity *identity,
                                    struct tph_buf *out) {
    struct tph_sigv4_plan plan;
    size_t before = out->length_bytes;
    enum tph_status status = tph_sigv4_plan_init(&plan, request, identity);
    if (status == TPH_OK) status = tph_sigv4_plan_canonical(&plan, out);
    return settle(status, out, before);
}

/* "20150830/us-east-1/service/aws4_request" */
static enum tph_status append_scope(const struct tph_sigv4_identity *identity, const char *date,
                                    struct tph_buf *out) {
    struct tph_str region = identity->region, service = identity->service;
    return tph_buf_appendf(out, "%.8s/%.*s/%.*s/aws4_request", date, (int)region.length_bytes,
                           region.data, (int)service.length_bytes, service.data);
}

enum tph_status tph_sigv4_string_to_sign(const struct tph_sigv4_identity *identity,
                                         struct tph_str canonical, struct tph_buf *out) {
    unsigned char hash[hash_bytes];
    char date[17];
    size_t before = out->length_bytes;
    enum tph_status status = tph_sigv4_plan_date(identity, date);
    if (status != TPH_OK) return status;
    if (EVP_Digest(canonical.data, canonical.length_bytes, hash, NULL, EVP_sha256(), NULL) != 1)
        return TPH_ENOMEM;
    status = tph_buf_appendf(out, "AWS4-HMAC-SHA256\n%s\n", date);
    if (status == TPH_OK) status = append_scope(identity, date, out);
    if (status == TPH_OK) status = tph_buf_append_char(out, '\n');
    if (status == TPH_OK) status = tph_buf_append_hex(out, hash, sizeof hash);
    return settle(status, out, before);
}

/* Replaces `key` by the HMAC of `text` under it. */
static bool chain(unsigned char key[hash_bytes], struct tph_str text) {
    unsigned char next[hash_bytes];
    bool made = EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, hash_bytes,
                          (const unsigned char *)text.data, text.length_bytes, next, sizeof next,
                          NULL) != NULL;
    if (made) memcpy(key, next, sizeof next);
    OPENSSL_cleanse(next, sizeof next);
    return made;
}

/* The first link, whose key is the secret itself. */
static enum tph_status day_key(struct tph_str secret, struct tph_str day,
                               unsigned char key[hash_bytes]) {
    struct tph_buf seed;
    tph_buf_init(&seed, secret.length_bytes + 4);
    enum tph_status status = tph_buf_append(&seed, TPH_STR("AWS4"));
    if (status == TPH_OK) status = tph_buf_append(&seed, secret);
    if (status == TPH_OK &&
        !EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, seed.data, seed.length_bytes,
                   (const unsigned char *)day.data, day.length_bytes, key, hash_bytes, NULL))
        status = TPH_ENOMEM;
    tph_buf_wipe(&seed);
    return status;
}

enum tph_status tph_sigv4_signature(const struct tph_sigv4_identity *identity,
                                    struct tph_str string_to_sign, struct tph_buf *out) {
    unsigned char key[hash_bytes];
    char date[17];
    enum tph_status status = tph_sigv4_plan_date(identity, date);
    if (status == TPH_OK)
        status = day_key(identity->credentials->secret_access_key, (struct tph_str){date, 8}, key);
    const struct tph_str links[] = {identity->region, identity->service, TPH_STR("aws4_request"),
                                    string_to_sign};
    for (size_t i = 0; i < sizeof links / sizeof *links && status == TPH_OK; i++)
        if (!chain(key, links[i])) status = TPH_ENOMEM;
    if (status == TPH_OK) status = tph_buf_append_hex(out, key, sizeof key);
    OPENSSL_cleanse(key, sizeof key);
    return status;
}

static enum tph_status append_authorization(const struct tph_sigv4_plan *plan,
                                            struct tph_str signature, struct tph_buf *out) {
    enum tph_status status = tph_buf_append(out, TPH_STR("AWS4-HMAC-SHA256 Credential="));
    if (status == TPH_OK) status = tph_buf_append(out, plan->identity->credentials->access_key_id);
    if (status == TPH_OK) status = tph_buf_append_char(out, '/');
    if (status == TPH_OK) status = append_scope(plan->identity, plan->date, out);
    if (status == TPH_OK) status = tph_buf_append(out, TPH_STR(", SignedHeaders="));
    if (status == TPH_OK) status = tph_sigv4_plan_names(plan, out);
    if (status == TPH_OK) status = tph_buf_append(out, TPH_STR(", Signature="));
    if (status == TPH_OK) status = tph_buf_append(out, signature);
    return status;
}

enum tph_status tph_sigv4_authorization(const struct tph_sigv4_request *request,
                                        const struct tph_sigv4_identity *identity,
                                        struct tph_str signature, struct tph_buf *out) {
    struct tph_sigv4_plan plan;
    size_t before = out->length_bytes;
    enum tph_status status = tph_sigv4_plan_init(&plan, request, identity);
    if (status == TPH_OK) status = append_authorization(&plan, signature, out);
    return settle(status, out, before);
}

static enum tph_status append_line(struct tph_buf *out, struct tph_str name, struct tph_str value) {
    enum tph_status status = tph_buf_append(out, name);
    if (status == TPH_OK) status = tph_buf_append(out, TPH_STR(": "));
    if (status == TPH_OK) status = tph_buf_append(out, value);
    if (status == TPH_OK) status = tph_buf_append(out, TPH_STR("\r\n"));
    return status;
}

enum tph_status tph_sigv4_headers(const struct tph_sigv4_request *request,
                                  const struct tph_sigv4_identity *identity,
                                  struct tph_str authorization, struct tph_buf *out) {
    struct tph_sigv4_plan plan;
    size_t before = out->length_bytes;
    enum tph_status status = tph_sigv4_plan_init(&plan, request, identity);
    for (size_t i = 0; i < plan.added_count && status == TPH_OK; i++)
        status = append_line(out, plan.added[i].name, plan.added[i].value);
    if (status == TPH_OK) status = append_line(out, TPH_STR("authorization"), authorization);
    return settle(status, out, before);
}

/* Each stage writes into the buffer that the next one reads. */
enum tph_status tph_sigv4_sign(const struct tph_sigv4_request *request,
                               const struct tph_sigv4_identity *identity, struct tph_buf *out) {
    struct tph_buf canonical, string_to_sign, signature, authorization;
    struct tph_buf *const all[] = {&canonical, &string_to_sign, &signature, &authorization};
    for (size_t i = 0; i < 4; i++) tph_buf_init(all[i], TPH_SIGV4_MAX_BYTES);
    enum tph_status status = tph_sigv4_canonical(request, identity, &canonical);
    if (status == TPH_OK)
        status = tph_sigv4_string_to_sign(identity, tph_buf_view(&canonical), &string_to_sign);
    if (status == TPH_OK)
        status = tph_sigv4_signature(identity, tph_buf_view(&string_to_sign), &signature);
    if (status == TPH_OK)
        status =
            tph_sigv4_authorization(request, identity, tph_buf_view(&signature), &authorization);
    if (status == TPH_OK)
        status = tph_sigv4_headers(request, identity, tph_buf_view(&authorization), out);
    for (size_t i = 0; i < 4; i++) tph_buf_wipe(all[i]);
    return status;
}
