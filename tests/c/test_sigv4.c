/* Every case of the published suite, stage by stage: one test a case, named by its directory. */
#include "unit.h"
#include "trapheus/sigv4.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SUITE TEST_DATA "/sigv4/botocore-aws4_testsuite"
enum { suite_cases = 34, max_cases = 64, max_headers = 16 };

static char *directories[max_cases];
static size_t directory_count;

static struct tph_credentials key(void) {
    return (struct tph_credentials){.access_key_id = TPH_STR("AKIDEXAMPLE"),
                                    .secret_access_key =
                                        TPH_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")};
}

static struct tph_sigv4_identity identity_of(const struct tph_credentials *credentials) {
    return (struct tph_sigv4_identity){.credentials = credentials,
                                       .region = TPH_STR("us-east-1"),
                                       .service = TPH_STR("service"),
                                       .time_s = 1440938160};
}

/* The text of DIRECTORY/NAME.EXTENSION; the caller frees it. */
static char *read_part(const char *directory, const char *extension) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s.%s", directory, strrchr(directory, '/') + 1, extension);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 8192);
    size_t length = fread(text, 1, 8191, file);
    fclose(file);
    assert_in_range(length, 1, 8190);
    return text;
}

/* Reads ".req" leniently: raw blanks in the path and folded headers are part of the suite. */
static void parse_request(char *text, struct tph_sigv4_request *request,
                          struct tph_header *headers) {
    char *body = strstr(text, "\n\n"), *line = strtok(text, "\n");
    if (body) {
        *body = '\0';
        request->body = tph_str_from(body + 2);
    }
    char *path = strchr(line, ' ') + 1, *query;
    *strrchr(path, ' ') = '\0';
    request->method = (struct tph_str){line, (size_t)(path - line - 1)};
    query = strchr(path, '?');
    if (query) *query++ = '\0';
    request->path = tph_str_from(path);
    request->query = tph_str_from(query);
    request->headers = headers;
    while ((line = strtok(NULL, "\n"))) {
        if (line[0] == ' ') { /* a folded line joins the one before */
            struct tph_str *value = &headers[request->header_count - 1].value;
            assert_non_null(value->data);
            line[-1] = '\n';
            value->length_bytes = (size_t)(line + strlen(line) - value->data);
            continue;
        }
        char *colon = strchr(line, ':');
        assert_true(request->header_count < max_headers);
        headers[request->header_count++] =
            (struct tph_header){{line, (size_t)(colon - line)}, tph_str_from(colon + 1)};
    }
}

/* The token is signed where the canonical request has it, and only sent where it has it not. */
static void find_token(const char *canonical, const char *sent, struct tph_credentials *credentials,
                       struct tph_sigv4_identity *identity) {
    static const char name[] = "x-amz-security-token:";
    const char *found = strcasestr(canonical, name);
    identity->omit_session_token = !found;
    if (!found) found = strcasestr(sent, name);
    if (!found) return;
    found += sizeof name - 1;
    credentials->session_token = (struct tph_str){found, strcspn(found, "\n")};
}

static void check_stage(const struct tph_buf *made, const char *directory, const char *extension) {
    char *expected = read_part(directory, extension);
    assert_string_equal(made->data, expected);
    free(expected);
}

static void signs_as_published(void **state) {
    const char *directory = *state;
    struct tph_header headers[max_headers] = {{.name = {NULL, 0}}};
    struct tph_sigv4_request request = {.header_count = 0};
    struct tph_credentials credentials = key();
    struct tph_sigv4_identity identity = identity_of(&credentials);
    struct tph_buf stages[TPH_SIGV4_STAGES];
    char *given = read_part(directory, "req"), *sent = read_part(directory, "sreq");
    char *canonical = read_part(directory, "creq");
    parse_request(given, &request, headers);
    find_token(canonical, sent, &credentials, &identity);
    tph_sigv4_init(stages);
    assert_int_equal(tph_sigv4_run(&request, &identity, stages), TPH_OK);
    check_stage(&stages[TPH_SIGV4_CANONICAL], directory, "creq");
    check_stage(&stages[TPH_SIGV4_STRING_TO_SIGN], directory, "sts");
    check_stage(&stages[TPH_SIGV4_AUTHORIZATION], directory, "authz");
    tph_sigv4_wipe(stages);
    free(given), free(sent), free(canonical);
}

static void runs_the_whole_suite(void **state) { assert_int_equal(directory_count, suite_cases); }

static const struct tph_header host = {{"Host", 4}, {"h", 1}};

static struct tph_sigv4_request plain_request(void) {
    return (struct tph_sigv4_request){
        .method = TPH_STR("GET"), .path = TPH_STR("/"), .headers = &host, .header_count = 1};
}

static char *canonical_text(const struct tph_sigv4_request *request,
                            const struct tph_sigv4_identity *identity, struct tph_buf *out) {
    struct tph_buf stages[TPH_SIGV4_STAGES];
    tph_sigv4_init(stages);
    assert_int_equal(tph_sigv4_run(request, identity, stages), TPH_OK);
    tph_buf_truncate(out, 0);
    assert_int_equal(tph_buf_append(out, tph_buf_view(&stages[TPH_SIGV4_CANONICAL])), TPH_OK);
    tph_sigv4_wipe(stages);
    return out->data;
}

static void encodes_the_path_twice_but_for_s3(void **state) {
    struct tph_credentials credentials = key();
    struct tph_sigv4_identity identity = identity_of(&credentials);
    struct tph_sigv4_request request = plain_request();
    struct tph_buf out;
    tph_buf_init(&out, TPH_SIGV4_MAX_BYTES);
    request.path = TPH_STR("/a%2Fb/../c d/");
    assert_non_null(strstr(canonical_text(&request, &identity, &out), "\n/c%20d/\n"));
    request.path = TPH_STR("/a%2Fb");
    assert_non_null(strstr(canonical_text(&request, &identity, &out), "\n/a%252Fb\n"));
    identity.keep_path = true;
    request.path = TPH_STR("/a%2fb//../c d/");
    assert_non_null(strstr(canonical_text(&request, &identity, &out), "\n/a%2Fb//../c%20d/\n"));
    tph_buf_deinit(&out);
}

static void sorts_and_recodes_the_query(void **state) {
    struct tph_credentials credentials = key();
    struct tph_sigv4_identity identity = identity_of(&credentials);
    struct tph_sigv4_request request = plain_request();
    struct tph_buf out;
    tph_buf_init(&out, TPH_SIGV4_MAX_BYTES);
    request.query = TPH_STR("ab=1&a=2&a-=3&a=%7e&flag&x=a+b%2b&y=p=q");
    assert_non_null(strstr(canonical_text(&request, &identity, &out),
                           "\na=2&a=~&a-=3&ab=1&flag=&x=a%2Bb%2B&y=p%3Dq\n"));
    tph_buf_deinit(&out);
}

static void replaces_what_it_adds_and_skips_what_hops_change(void **state) {
    static const struct tph_header headers[] = {
        {{"User-Agent", 10}, {"u", 1}}, {{"X-Amz-Date", 10}, {"stale", 5}},
        {{"Connection", 10}, {"c", 1}}, {{"Authorization", 13}, {"stale", 5}},
        {{"HOST", 4}, {"h", 1}},        {{"X-Amz-Content-Sha256", 20}, {"UNSIGNED-PAYLOAD", 16}},
    };
    struct tph_credentials credentials = key();
    struct tph_sigv4_identity identity = identity_of(&credentials);
    struct tph_sigv4_request request = plain_request();
    struct tph_buf out;
    tph_buf_init(&out, TPH_SIGV4_MAX_BYTES);
    request.headers = headers;
    request.header_count = 6;
    assert_string_equal(canonical_text(&request, &identity, &out),
                        "GET\n/\n\nhost:h\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n"
                        "x-amz-date:20150830T123600Z\n\nhost;x-amz-content-sha256;x-amz-date\n"
                        "UNSIGNED-PAYLOAD");
    assert_true(tph_sigv4_replaces(&identity, TPH_STR("X-AMZ-DATE")));
    assert_false(tph_sigv4_replaces(&identity, TPH_STR("x-amz-content-sha256")));
    identity.sign_body = true;
    assert_true(tph_sigv4_replaces(&identity, TPH_STR("x-amz-content-sha256")));
    assert_null(strstr(canonical_text(&request, &identity, &out), "UNSIGNED"));
    tph_buf_deinit(&out);
}

static void writes_all_header_lines(void **state) {
    struct tph_credentials credentials = key();
    struct tph_sigv4_identity identity = identity_of(&credentials);
    struct tph_sigv4_request request = plain_request();
    struct tph_buf out;
    tph_buf_init(&out, TPH_SIGV4_MAX_BYTES);
    credentials.session_token = TPH_STR("TOKEN");
    identity.sign_body = identity.omit_session_token = true;
    assert_int_equal(tph_sigv4_sign(&request, &identity, &out), TPH_OK);
    static const char start[] =
        "x-amz-date: 20150830T123600Z\r\nx-amz-security-token: TOKEN\r\nx-amz-content-sha256: "
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\r\nauthorization: "
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=";
    assert_memory_equal(out.data, start, sizeof start - 1);
    assert_int_equal(out.length_bytes, sizeof start - 1 + 64 + 2);
    tph_buf_deinit(&out);
}

/* Kept keys sign as fresh ones do, whatever was signed before. */
static void derives_a_key_anew_when_what_it_is_for_changes(void **state) {
    struct tph_credentials borrowed = key(), owned;
    assert_int_equal(tph_credentials_init(&owned, &borrowed), TPH_OK);
    const struct {
        int64_t time_s;
        struct tph_str region, service;
    } rows[] = {{1440938160, TPH_STR("us-east-1"), TPH_STR("rds")},
                {1440938161, TPH_STR("us-east-1"), TPH_STR("rds")},
                {1441038160, TPH_STR("us-east-1"), TPH_STR("rds")},
                {1440938160, TPH_STR("us-east-1r"), TPH_STR("ds")},
                {1440938160, TPH_STR("us-east-1"), TPH_STR("sts")},
                {1440938160, TPH_STR("a-region-of-a-name-so-long-that-it-cannot-be-kept-here"),
                 TPH_STR("rds")},
                {1440938160, TPH_STR("us-east-1"), TPH_STR("rds")}};
    struct tph_sigv4_request request = plain_request();
    struct tph_buf kept, fresh;
    tph_buf_init(&kept, TPH_SIGV4_MAX_BYTES);
    tph_buf_init(&fresh, TPH_SIGV4_MAX_BYTES);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tph_sigv4_identity identity = {.credentials = &owned,
                                              .region = rows[i].region,
                                              .service = rows[i].service,
                                              .time_s = rows[i].time_s};
        assert_int_equal(tph_sigv4_sign(&request, &identity, &kept), TPH_OK);
        identity.credentials = &borrowed;
        assert_int_equal(tph_sigv4_sign(&request, &identity, &fresh), TPH_OK);
        assert_true(tph_str_equal(tph_buf_view(&kept), tph_buf_view(&fresh)));
    }
    assert_memory_equal(owned.derived->names, "us-east-1rds", 12);
    tph_buf_deinit(&kept);
    tph_buf_deinit(&fresh);
    tph_credentials_deinit(&owned);
}

/* Applies one fault at a time to arguments that are right otherwise. */
static void refuses_what_it_cannot_sign(void **state) {
    static const struct tph_header nameless = {{"Ho st", 5}, {"h", 1}};
    static const char *const fields[] = {"headers", "path", "method", "headers",     "region",
                                         "service", "time", "time",   "credentials", "credentials"};
    for (size_t fault = 0; fault < sizeof fields / sizeof *fields; fault++) {
        struct tph_credentials credentials = key();
        struct tph_sigv4_identity identity = identity_of(&credentials);
        struct tph_sigv4_request request = plain_request();
        struct tph_buf out;
        tph_buf_init(&out, TPH_SIGV4_MAX_BYTES);
        assert_int_equal(tph_buf_append(&out, TPH_STR("kept")), TPH_OK);
        assert_null(tph_sigv4_fault(&request, &identity));
        if (fault == 0) request.header_count = 0;
        if (fault == 1) request.path = TPH_STR("relative");
        if (fault == 2) request.method = TPH_STR("GET /");
        if (fault == 3) request.headers = &nameless;
        if (fault == 4) identity.region = TPH_STR("");
        if (fault == 5) identity.service = TPH_STR("a/b");
        if (fault == 6) identity.time_s = -1;
        if (fault == 7) identity.time_s = 253402300800;
        if (fault == 8) credentials.secret_access_key = TPH_STR("");
        if (fault == 9) credentials.session_token = TPH_STR("t\r\nx: y");
        assert_int_equal(tph_sigv4_sign(&request, &identity, &out), TPH_EINVAL);
        const char *text = tph_sigv4_fault(&request, &identity);
        assert_memory_equal(text, fields[fault], strlen(fields[fault]));
        assert_string_equal(out.data, "kept");
        tph_buf_deinit(&out);
    }
}

static void refuses_too_many_headers_and_too_small_a_buffer(void **state) {
    struct tph_credentials credentials = key();
    struct tph_sigv4_identity identity = identity_of(&credentials);
    struct tph_sigv4_request request = plain_request();
    struct tph_buf out;
    tph_buf_init(&out, 20);
    assert_int_equal(tph_buf_append(&out, TPH_STR("kept")), TPH_OK);
    assert_int_equal(tph_sigv4_sign(&request, &identity, &out), TPH_ETOOBIG);
    assert_string_equal(out.data, "kept");
    request.header_count = TPH_SIGV4_MAX_HEADERS + 1;
    tph_buf_truncate(&out, 0);
    assert_int_equal(tph_sigv4_sign(&request, &identity, &out), TPH_ETOOBIG);
    tph_buf_deinit(&out);
}

static void refuses_too_many_parameters(void **state) {
    struct tph_credentials credentials = key();
    struct tph_sigv4_identity identity = identity_of(&credentials);
    struct tph_sigv4_request request = plain_request();
    struct tph_buf query, out;
    tph_buf_init(&query, 4096);
    tph_buf_init(&out, TPH_SIGV4_MAX_BYTES);
    for (int i = 0; i <= TPH_SIGV4_MAX_PARAMETERS; i++)
        assert_int_equal(tph_buf_append(&query, TPH_STR("a&")), TPH_OK);
    request.query = tph_buf_view(&query);
    assert_int_equal(tph_sigv4_sign(&request, &identity, &out), TPH_ETOOBIG);
    request.query.length_bytes -= 2;
    assert_int_equal(tph_sigv4_sign(&request, &identity, &out), TPH_OK);
    tph_buf_deinit(&query);
    tph_buf_deinit(&out);
}

static int note_case(const char *path, const struct stat *info, int type, struct FTW *position) {
    size_t length = strlen(path);
    if (length < 4 || strcmp(path + length - 4, ".req") != 0) return 0;
    if (directory_count == max_cases) return 1;
    directories[directory_count++] = strndup(path, (size_t)position->base - 1);
    return 0;
}

static int by_name(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

int main(void) {
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(runs_the_whole_suite),
        cmocka_unit_test(encodes_the_path_twice_but_for_s3),
        cmocka_unit_test(sorts_and_recodes_the_query),
        cmocka_unit_test(replaces_what_it_adds_and_skips_what_hops_change),
        cmocka_unit_test(writes_all_header_lines),
        cmocka_unit_test(derives_a_key_anew_when_what_it_is_for_changes),
        cmocka_unit_test(refuses_what_it_cannot_sign),
        cmocka_unit_test(refuses_too_many_headers_and_too_small_a_buffer),
        cmocka_unit_test(refuses_too_many_parameters),
    };
    if (nftw(SUITE, note_case, 8, FTW_PHYS) != 0 || directory_count == 0) return 1;
    qsort(directories, directory_count, sizeof *directories, by_name);
    struct CMUnitTest cases[max_cases];
    for (size_t i = 0; i < directory_count; i++)
        cases[i] = (struct CMUnitTest){strrchr(directories[i], '/') + 1, signs_as_published, NULL,
                                       NULL, directories[i]};
    /* the group macro counts an array; here the number is only known now */
    int failed = _cmocka_run_group_tests("published", cases, directory_count, NULL, NULL);
    failed += cmocka_run_group_tests(others, NULL, NULL);
    for (size_t i = 0; i < directory_count; i++) free(directories[i]);
    return failed;
}
