#include "trapheus/aws_reply.h"
#include "json_error.h"
#include "trapheus/xml.h"
#include <stdio.h>
#include <string.h>

#define LONGEST_CODE_BYTES 256
#define LONGEST_MESSAGE_BYTES 4096

static const char *const request_id_headers[] = {"x-amzn-requestid", "x-amz-request-id"};
static const char *const request_id_elements[] = {"RequestId", "RequestID"};

void tph_aws_verdict_init(struct tph_aws_verdict *verdict) {
    *verdict = (struct tph_aws_verdict){0};
    tph_buf_init(&verdict->code, LONGEST_CODE_BYTES);
    tph_buf_init(&verdict->message, LONGEST_MESSAGE_BYTES);
    tph_buf_init(&verdict->request_id, LONGEST_CODE_BYTES);
}

void tph_aws_verdict_deinit(struct tph_aws_verdict *verdict) {
    tph_buf_deinit(&verdict->code);
    tph_buf_deinit(&verdict->message);
    tph_buf_deinit(&verdict->request_id);
}

/* Replaces what `out` holds, cut to what it may hold. */
static enum tph_status set(struct tph_buf *out, struct tph_str text) {
    if (text.length_bytes > out->max_bytes) text.length_bytes = out->max_bytes;
    tph_buf_truncate(out, 0);
    return tph_buf_append(out, text);
}

static bool is_named(const struct tph_xml *xml, size_t index, const char *name) {
    return tph_str_equal(tph_xml_name(xml, &xml->nodes[index]), tph_str_from(name));
}

/* The first node of that name below `parent`, 0 when there is none: the root is below nothing. */
static size_t find(const struct tph_xml *xml, size_t parent, const char *name) {
    for (size_t i = parent + 1; i < xml->nodes[parent].end; i++)
        if (is_named(xml, i, name)) return i;
    return 0;
}

static enum tph_status set_element(struct tph_buf *out, const struct tph_xml *xml, size_t parent,
                                   const char *name) {
    size_t index = find(xml, parent, name);
    return index ? set(out, tph_xml_text(xml, xml->nodes[index].text)) : TPH_OK;
}

static bool ends_in_response(struct tph_str name) {
    static const size_t length = sizeof "Response" - 1;
    return name.length_bytes > length &&
           memcmp(name.data + name.length_bytes - length, "Response", length) == 0;
}

static enum tph_status read_error(struct tph_aws_verdict *verdict, const struct tph_xml *xml,
                                  size_t error) {
    enum tph_status status = set_element(&verdict->code, xml, error, "Code");
    if (status == TPH_OK) status = set_element(&verdict->message, xml, error, "Message");
    verdict->readable = verdict->code.length_bytes > 0;
    return status;
}

/* Only the envelope is looked at: a result may well have an <Error> inside it. */
static enum tph_status read_xml(struct tph_aws_verdict *verdict, const struct tph_xml *xml) {
    enum tph_status status = TPH_OK;
    bool envelope = is_named(xml, 0, "ErrorResponse") || is_named(xml, 0, "Response");
    size_t error = envelope ? find(xml, 0, "Error") : 0;
    if (error)
        status = read_error(verdict, xml, error);
    else
        verdict->ok = verdict->readable =
            !envelope && ends_in_response(tph_xml_name(xml, &xml->nodes[0]));
    for (size_t i = 0; status == TPH_OK && i < 2 && verdict->request_id.length_bytes == 0; i++)
        status = set_element(&verdict->request_id, xml, 0, request_id_elements[i]);
    return status;
}

static enum tph_status read_json(struct tph_aws_verdict *verdict, struct tph_str body) {
    enum tph_status status = tph_json_error_read(body, &verdict->code, &verdict->message);
    verdict->readable = status == TPH_OK;
    if (verdict->readable || status == TPH_ENOMEM) return status;
    tph_buf_truncate(&verdict->code, 0);
    tph_buf_truncate(&verdict->message, 0);
    return TPH_OK;
}

static struct tph_str trim(struct tph_str text) {
    static const char blanks[] = " \t\r\n";
    while (text.length_bytes && memchr(blanks, *text.data, sizeof blanks - 1))
        text.data++, text.length_bytes--;
    while (text.length_bytes && memchr(blanks, text.data[text.length_bytes - 1], sizeof blanks - 1))
        text.length_bytes--;
    return text;
}

/* What comes after the XML declaration, if there is one. */
static struct tph_str without_declaration(struct tph_str body) {
    static const char open[] = "<?xml ", close[] = "?>";
    if (body.length_bytes < sizeof open || memcmp(body.data, open, sizeof open - 1) != 0)
        return body;
    const char *end = memmem(body.data, body.length_bytes, close, sizeof close - 1);
    if (!end) return body;
    end += sizeof close - 1;
    return trim((struct tph_str){end, body.length_bytes - (size_t)(end - body.data)});
}

/* Does it end with the tag that it began with, <SomethingResponse>? The decoder sees the rest; this
 * is what a reply that was cut short lacks. */
static bool is_whole_response(struct tph_str body) {
    body = without_declaration(trim(body));
    if (body.length_bytes < 2 || *body.data != '<') return false;
    const char *end = memchr(body.data, '>', body.length_bytes);
    struct tph_str name = {body.data + 1, 0};
    while (end && name.data + name.length_bytes < end && name.data[name.length_bytes] != ' ')
        name.length_bytes++;
    if (!end || !ends_in_response(name) || tph_str_equal(name, TPH_STR("ErrorResponse")))
        return false;
    size_t tail_bytes = name.length_bytes + 3;
    if (tail_bytes >= body.length_bytes - (size_t)(end - body.data)) return false;
    const char *tail = body.data + body.length_bytes - tail_bytes;
    return memcmp(tail, "</", 2) == 0 && tail[tail_bytes - 1] == '>' &&
           memcmp(tail + 2, name.data, name.length_bytes) == 0;
}

/* What stands in the last <RequestId>, where the service says it; nothing else is looked for in a
 * reply that the decoder is going to read. */
static struct tph_str last_request_id(struct tph_str body) {
    static const char open[] = "<RequestId>";
    struct tph_str found = TPH_STR("");
    const char *end = body.data + body.length_bytes, *at = body.data;
    while ((at = memmem(at, (size_t)(end - at), open, sizeof open - 1))) {
        at += sizeof open - 1;
        const char *stop = memchr(at, '<', (size_t)(end - at));
        if (stop) found = (struct tph_str){at, (size_t)(stop - at)};
    }
    return found;
}

static enum tph_status read_body(struct tph_aws_verdict *verdict, struct tph_str body) {
    struct tph_xml xml;
    if (body.length_bytes > 0 && *body.data == '{') return read_json(verdict, body);
    if (is_whole_response(body)) {
        verdict->ok = verdict->readable = true;
        return verdict->request_id.length_bytes ? TPH_OK
                                                : set(&verdict->request_id, last_request_id(body));
    }
    tph_xml_init(&xml);
    enum tph_status status = tph_xml_parse(&xml, body);
    if (status == TPH_OK)
        status = read_xml(verdict, &xml);
    else if (status != TPH_ENOMEM)
        status = TPH_OK; /* then it is simply not readable */
    tph_xml_deinit(&xml);
    return status;
}

/* "Code", "namespace#Code", "Code:http://…" */
static struct tph_str bare_code(struct tph_str text) {
    const char *colon = memchr(text.data, ':', text.length_bytes);
    if (colon) text.length_bytes = (size_t)(colon - text.data);
    const char *hash = memrchr(text.data, '#', text.length_bytes);
    if (!hash) return text;
    return (struct tph_str){hash + 1, text.length_bytes - (size_t)(hash + 1 - text.data)};
}

/* A success is whole when it ends as it began; what is in it, the decoder sees. An error may say
 * its code in a header alone. */
static enum tph_status read_json_reply(struct tph_aws_verdict *verdict,
                                       const struct tph_http_reply *reply, bool success) {
    struct tph_str body = reply->body, type = tph_http_header(reply, "x-amzn-errortype");
    if (success) {
        static const char endings[] = {'}', ' ', '\r', '\n', '\t'};
        bool object = body.length_bytes > 1 && *body.data == '{' &&
                      memchr(endings, body.data[body.length_bytes - 1], sizeof endings);
        verdict->ok = verdict->readable = object || body.length_bytes == 0;
        return TPH_OK;
    }
    enum tph_status status = read_json(verdict, body);
    if (status != TPH_OK || type.length_bytes == 0) return status;
    verdict->readable = true;
    return set(&verdict->code, bare_code(type));
}

enum tph_status tph_aws_reply_read(struct tph_aws_verdict *verdict,
                                   const struct tph_http_reply *reply, bool json) {
    bool success = reply->status >= 200 && reply->status < 300;
    enum tph_status status = TPH_OK;
    for (size_t i = 0; status == TPH_OK && i < 2 && verdict->request_id.length_bytes == 0; i++)
        status = set(&verdict->request_id, tph_http_header(reply, request_id_headers[i]));
    if (status == TPH_OK)
        status = json ? read_json_reply(verdict, reply, success) : read_body(verdict, reply->body);
    if (verdict->ok && !success) verdict->ok = verdict->readable = false;
    return status;
}

enum tph_retry_kind tph_aws_reply_kind(const struct tph_aws_verdict *verdict, int http_status) {
    if (!verdict->readable && http_status < 300) return TPH_RETRY_TRANSIENT; /* cut short */
    return tph_retry_judge_reply(tph_buf_view(&verdict->code), http_status);
}

struct tph_aws_error tph_aws_reply_error(const struct tph_aws_verdict *verdict, int http_status,
                                         bool read_only, char text[TPH_AWS_REPLY_TEXT_BYTES]) {
    enum tph_retry_kind kind = tph_aws_reply_kind(verdict, http_status);
    struct tph_aws_error error = {.code = tph_buf_view(&verdict->code),
                                  .message = tph_buf_view(&verdict->message),
                                  .retryable = kind != TPH_RETRY_NEVER && kind != TPH_RETRY_CLOCK,
                                  .ambiguous = !read_only &&
                                               (kind == TPH_RETRY_TRANSIENT || !verdict->readable)};
    if (verdict->readable) return error;
    snprintf(text, TPH_AWS_REPLY_TEXT_BYTES, "HTTP %d, and not a reply of the service",
             http_status);
    error.code = TPH_STR("MalformedReply");
    error.message = tph_str_from(text);
    return error;
}
