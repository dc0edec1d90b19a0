#include "sigv4_plan.h"
#include "trapheus/query.h"
#include "trapheus/uri.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Hops may change these, or they are not part of what is asked. */
static const char *const unsigned_headers[] = {
    "authorization", "connection",        "expect",     "proxy-authorization", "te", "trailer",
    "upgrade",       "transfer-encoding", "user-agent", "x-amzn-trace-id",
};

static bool is_unsigned(struct tph_str name) {
    for (size_t i = 0; i < sizeof unsigned_headers / sizeof *unsigned_headers; i++)
        if (tph_str_equal_nocase(name, tph_str_from(unsigned_headers[i]))) return true;
    return false;
}

/* Not empty, printable, without blanks and without the characters of `except`: such a text
 * cannot pass for another part of the canonical request, the scope or the header. */
static bool is_plain(struct tph_str text, const char *except) {
    for (size_t i = 0; i < text.length_bytes; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f) return false;
    for (; text.length_bytes && *except; except++)
        if (memchr(text.data, *except, text.length_bytes)) return false;
    return text.length_bytes > 0;
}

static bool headers_valid(const struct tph_sigv4_request *request) {
    bool host = false;
    for (size_t i = 0; i < request->header_count; i++) {
        if (!is_plain(request->headers[i].name, ":;")) return false;
        host = host || tph_str_equal_nocase(request->headers[i].name, TPH_STR("host"));
    }
    return host;
}

static bool scope_part_valid(struct tph_str part) {
    static const size_t longest_bytes = 128;
    return part.length_bytes <= longest_bytes && is_plain(part, "/,");
}

static const char *identity_fault(const struct tph_sigv4_identity *identity) {
    static const int64_t year_10000_s = 253402300800;
    if (!scope_part_valid(identity->region)) return "region: malformed";
    if (!scope_part_valid(identity->service)) return "service: malformed";
    if (!tph_credentials_valid(identity->credentials))
        return "credentials: an empty key, or a blank in one";
    bool dated = identity->time_s >= 0 && identity->time_s < year_10000_s;
    return dated ? NULL : "time: outside the years 1970 to 9999";
}

static const char *request_fault(const struct tph_sigv4_request *request) {
    if (!is_plain(request->method, "")) return "method: malformed";
    if (request->path.length_bytes && request->path.data[0] != '/') return "path: not absolute";
    return headers_valid(request) ? NULL : "headers: no host, or a malformed name";
}

const char *tph_sigv4_fault(const struct tph_sigv4_request *request,
                            const struct tph_sigv4_identity *identity) {
    const char *fault = request_fault(request);
    return fault ? fault : identity_fault(identity);
}

/* Writes "20150830T123600Z" and its NUL. */
static bool write_date(int64_t time_s, char date[17]) {
    time_t seconds = (time_t)time_s;
    struct tm utc;
    return gmtime_r(&seconds, &utc) && strftime(date, 17, "%Y%m%dT%H%M%SZ", &utc) == 16;
}

static enum tph_status set_body_hash(struct tph_sigv4_plan *plan) {
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[tph_sha256_bytes];
    enum tph_status status = tph_sha256_digest(plan->sha256, plan->request->body, hash);
    for (size_t i = 0; i < sizeof hash; i++) {
        plan->body_hash[2 * i] = digits[hash[i] >> 4];
        plan->body_hash[2 * i + 1] = digits[hash[i] & 15];
    }
    plan->payload_hash = (struct tph_str){plan->body_hash, sizeof plan->body_hash};
    return status;
}

static void sign_header(struct tph_sigv4_plan *plan, const struct tph_header *header) {
    plan->signed_headers[plan->signed_count++] = header;
}

static void add_header(struct tph_sigv4_plan *plan, struct tph_str name, struct tph_str value,
                       bool is_signed) {
    struct tph_header *header = &plan->added[plan->added_count++];
    *header = (struct tph_header){name, value};
    if (is_signed) sign_header(plan, header);
}

/* A given hash that stays ("UNSIGNED-PAYLOAD", say) is also what stands for the body. */
static void take_given(struct tph_sigv4_plan *plan) {
    for (size_t i = 0; i < plan->request->header_count; i++) {
        const struct tph_header *header = &plan->request->headers[i];
        if (is_unsigned(header->name) || tph_sigv4_replaces(plan->identity, header->name)) continue;
        sign_header(plan, header);
        if (tph_str_equal_nocase(header->name, TPH_STR("x-amz-content-sha256")))
            plan->payload_hash = header->value;
    }
}

static int compare(struct tph_str a, struct tph_str b,
                   int bytes(const void *, const void *, size_t)) {
    size_t common = a.length_bytes < b.length_bytes ? a.length_bytes : b.length_bytes;
    int order = common ? bytes(a.data, b.data, common) : 0;
    return order ? order : (a.length_bytes > b.length_bytes) - (a.length_bytes < b.length_bytes);
}

static int bytes_nocase(const void *a, const void *b, size_t count) {
    return strncasecmp(a, b, count);
}

/* By name, without case; duplicates stay in the order given. */
static void sort_headers(struct tph_sigv4_plan *plan) {
    const struct tph_header **list = plan->signed_headers;
    for (size_t i = 1; i < plan->signed_count; i++) {
        const struct tph_header *header = list[i];
        size_t place = i;
        for (; place && compare(list[place - 1]->name, header->name, bytes_nocase) > 0; place--)
            list[place] = list[place - 1];
        list[place] = header;
    }
}

enum tph_status tph_sigv4_plan_init(struct tph_sigv4_plan *plan,
                                    const struct tph_sigv4_request *request,
                                    const struct tph_sigv4_identity *identity,
                                    struct tph_sha256 *sha256) {
    struct tph_str token = identity->credentials->session_token;
    *plan = (struct tph_sigv4_plan){.request = request, .identity = identity, .sha256 = sha256};
    if (request->header_count > TPH_SIGV4_MAX_HEADERS) return TPH_ETOOBIG;
    if (tph_sigv4_fault(request, identity) || !write_date(identity->time_s, plan->date))
        return TPH_EINVAL;
    enum tph_status status = set_body_hash(plan);
    if (status != TPH_OK) return status;
    take_given(plan);
    add_header(plan, TPH_STR("x-amz-date"), tph_str_from(plan->date), true);
    if (token.length_bytes)
        add_header(plan, TPH_STR("x-amz-security-token"), token, !identity->omit_session_token);
    if (identity->sign_body)
        add_header(plan, TPH_STR("x-amz-content-sha256"), plan->payload_hash, true);
    sort_headers(plan);
    return TPH_OK;
}

static enum tph_status append_path(const struct tph_sigv4_plan *plan, struct tph_buf *out) {
    struct tph_str path = plan->request->path;
    struct tph_buf normal;
    if (path.length_bytes == 0) return tph_buf_append_char(out, '/');
    if (plan->identity->keep_path) return tph_uri_recode(path, "/", out);
    tph_buf_init(&normal, TPH_SIGV4_MAX_BYTES);
    enum tph_status status = tph_uri_normalize(path, &normal);
    if (status == TPH_OK) status = tph_uri_encode(tph_buf_view(&normal), "/", out);
    tph_buf_deinit(&normal);
    return status;
}

struct parameter {
    struct tph_str key, value;
};

static int compare_parameters(const void *left, const void *right) {
    const struct parameter *a = left, *b = right;
    int order = compare(a->key, b->key, memcmp);
    return order ? order : compare(a->value, b->value, memcmp);
}

/* Writes the parameters in the one spelling, in the order given. */
static enum tph_status recode_query(struct tph_str query, struct tph_buf *out) {
    struct tph_str key, value;
    enum tph_status status = TPH_OK;
    while (status == TPH_OK && tph_query_next(&query, &key, &value)) {
        if (out->length_bytes) status = tph_buf_append_char(out, '&');
        if (status == TPH_OK) status = tph_uri_recode(key, NULL, out);
        if (status == TPH_OK) status = tph_buf_append_char(out, '=');
        if (status == TPH_OK) status = tph_uri_recode(value, NULL, out);
    }
    return status;
}

/* Sorts the parameters of a recoded query; they must be compared after the encoding. */
static enum tph_status append_sorted(struct tph_str query, struct tph_buf *out) {
    struct parameter list[TPH_SIGV4_MAX_PARAMETERS];
    struct tph_str key, value;
    size_t count = 0;
    while (tph_query_next(&query, &key, &value)) {
        if (count == TPH_SIGV4_MAX_PARAMETERS) return TPH_ETOOBIG;
        list[count++] = (struct parameter){key, value};
    }
    qsort(list, count, sizeof *list, compare_parameters);
    enum tph_status status = TPH_OK;
    for (size_t i = 0; i < count && status == TPH_OK; i++)
        status = tph_buf_appendf(out, "%s%.*s=%.*s", i ? "&" : "", (int)list[i].key.length_bytes,
                                 list[i].key.data, (int)list[i].value.length_bytes,
                                 list[i].value.length_bytes ? list[i].value.data : "");
    return status;
}

static enum tph_status append_query(const struct tph_sigv4_plan *plan, struct tph_buf *out) {
    struct tph_buf recoded;
    tph_buf_init(&recoded, TPH_SIGV4_MAX_BYTES);
    enum tph_status status = recode_query(plan->request->query, &recoded);
    if (status == TPH_OK) status = append_sorted(tph_buf_view(&recoded), out);
    tph_buf_deinit(&recoded);
    return status;
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Appends the value without blanks at its ends and with one for each run of them, quoted or
 * not: a folded line becomes one line. */
static enum tph_status append_value(struct tph_str value, struct tph_buf *out) {
    enum tph_status status = TPH_OK;
    size_t start = out->length_bytes, at = 0;
    while (status == TPH_OK) {
        while (at < value.length_bytes && is_blank(value.data[at])) at++;
        size_t word = at;
        while (at < value.length_bytes && !is_blank(value.data[at])) at++;
        if (at == word) break;
        if (out->length_bytes > start) status = tph_buf_append_char(out, ' ');
        if (status == TPH_OK)
            status = tph_buf_append(out, (struct tph_str){value.data + word, at - word});
    }
    return status;
}

static enum tph_status append_name(struct tph_str name, struct tph_buf *out) {
    enum tph_status status = tph_buf_append(out, name);
    for (size_t i = out->length_bytes - name.length_bytes;
         status == TPH_OK && i < out->length_bytes; i++)
        if (out->data[i] >= 'A' && out->data[i] <= 'Z') out->data[i] += 'a' - 'A';
    return status;
}

static bool repeats(const struct tph_sigv4_plan *plan, size_t i) {
    const struct tph_header *const *list = plan->signed_headers;
    return i > 0 && tph_str_equal_nocase(list[i]->name, list[i - 1]->name);
}

static enum tph_status append_headers(const struct tph_sigv4_plan *plan, struct tph_buf *out) {
    enum tph_status status = TPH_OK;
    for (size_t i = 0; i < plan->signed_count && status == TPH_OK; i++) {
        const struct tph_header *header = plan->signed_headers[i];
        bool more = repeats(plan, i), last = i + 1 == plan->signed_count || !repeats(plan, i + 1);
        if (!more) status = append_name(header->name, out);
        if (status == TPH_OK) status = tph_buf_append_char(out, more ? ',' : ':');
        if (status == TPH_OK) status = append_value(header->value, out);
        if (status == TPH_OK && last) status = tph_buf_append_char(out, '\n');
    }
    return status;
}

enum tph_status tph_sigv4_plan_names(const struct tph_sigv4_plan *plan, struct tph_buf *out) {
    enum tph_status status = TPH_OK;
    for (size_t i = 0; i < plan->signed_count && status == TPH_OK; i++) {
        if (repeats(plan, i)) continue;
        if (i) status = tph_buf_append_char(out, ';');
        if (status == TPH_OK) status = append_name(plan->signed_headers[i]->name, out);
    }
    return status;
}

static enum tph_status append_method(const struct tph_sigv4_plan *plan, struct tph_buf *out) {
    return tph_buf_append(out, plan->request->method);
}

static enum tph_status append_payload_hash(const struct tph_sigv4_plan *plan, struct tph_buf *out) {
    return tph_buf_append(out, plan->payload_hash);
}

enum tph_status tph_sigv4_plan_canonical(const struct tph_sigv4_plan *plan, struct tph_buf *out) {
    static enum tph_status (*const lines[])(const struct tph_sigv4_plan *, struct tph_buf *) = {
        append_method,  append_path,          append_query,
        append_headers, tph_sigv4_plan_names, append_payload_hash,
    };
    enum tph_status status = TPH_OK;
    for (size_t i = 0; i < sizeof lines / sizeof *lines && status == TPH_OK; i++) {
        if (i) status = tph_buf_append_char(out, '\n');
        if (status == TPH_OK) status = lines[i](plan, out);
    }
    return status;
}
