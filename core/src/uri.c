#include "trapheus/uri.h"
#include <arpa/inet.h>
#include <string.h>

static bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* strchr() would find the terminator for '\0' */
static bool among(char c, const char *set) { return c != '\0' && set && strchr(set, c); }

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The byte that the %XX at the head of `text` stands for, or -1. */
static int escaped_byte(struct tph_str text) {
    if (text.length_bytes < 3 || text.data[0] != '%') return -1;
    int high = hex_digit(text.data[1]), low = hex_digit(text.data[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static struct tph_str after(struct tph_str text, size_t count) {
    return (struct tph_str){text.data + count, text.length_bytes - count};
}

static bool is_bare(char c, const char *keep) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || among(c, keep);
}

static enum tph_status append_encoded(struct tph_buf *out, char c, const char *keep) {
    static const char digits[] = "0123456789ABCDEF";
    unsigned char byte = (unsigned char)c;
    char escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};
    return tph_buf_append(out,
                          is_bare(c, keep) ? (struct tph_str){&c, 1} : (struct tph_str){escape, 3});
}

/* Nearly all of a form are names and identifiers: what stays as it is goes in one piece. */
enum tph_status tph_uri_encode(struct tph_str bytes, const char *keep, struct tph_buf *out) {
    size_t before = out->length_bytes;
    enum tph_status status = TPH_OK;
    while (bytes.length_bytes > 0 && status == TPH_OK) {
        size_t bare = 0;
        while (bare < bytes.length_bytes && is_bare(bytes.data[bare], keep)) bare++;
        status = bare ? tph_buf_append(out, (struct tph_str){bytes.data, bare})
                      : append_encoded(out, *bytes.data, keep);
        bytes = after(bytes, bare ? bare : 1);
    }
    if (status != TPH_OK) tph_buf_truncate(out, before);
    return status;
}

enum tph_status tph_uri_decode(struct tph_str text, struct tph_buf *out) {
    size_t before = out->length_bytes;
    enum tph_status status = TPH_OK;
    while (text.length_bytes && status == TPH_OK) {
        int byte = escaped_byte(text);
        char c = text.data[0];
        if (byte < 0 && c == '%') status = TPH_EPARSE;
        if (byte >= 0) c = (char)byte;
        if (status == TPH_OK) status = tph_buf_append_char(out, c);
        text = after(text, byte < 0 ? 1 : 3);
    }
    if (status != TPH_OK) tph_buf_truncate(out, before);
    return status;
}

enum tph_status tph_uri_recode(struct tph_str text, const char *keep, struct tph_buf *out) {
    size_t before = out->length_bytes;
    enum tph_status status = TPH_OK;
    while (text.length_bytes && status == TPH_OK) {
        int byte = escaped_byte(text);
        status = byte < 0 ? append_encoded(out, text.data[0], keep)
                          : append_encoded(out, (char)byte, NULL);
        text = after(text, byte < 0 ? 1 : 3);
    }
    if (status != TPH_OK) tph_buf_truncate(out, before);
    return status;
}

/* Takes back the last segment written since `start`, with its slash. */
static void drop_segment(struct tph_buf *out, size_t start) {
    size_t end = out->length_bytes;
    while (end > start && out->data[--end] != '/') {
    }
    tph_buf_truncate(out, end);
}

static enum tph_status add_segment(struct tph_str segment, struct tph_buf *out, size_t start) {
    if (segment.length_bytes == 0 || tph_str_equal(segment, TPH_STR("."))) return TPH_OK;
    if (tph_str_equal(segment, TPH_STR(".."))) {
        drop_segment(out, start);
        return TPH_OK;
    }
    enum tph_status status = tph_buf_append_char(out, '/');
    return status == TPH_OK ? tph_buf_append(out, segment) : status;
}

enum tph_status tph_uri_normalize(struct tph_str path, struct tph_buf *out) {
    size_t start = out->length_bytes;
    bool slash = path.length_bytes && path.data[path.length_bytes - 1] == '/';
    enum tph_status status = TPH_OK;
    while (path.length_bytes && status == TPH_OK) {
        const char *end = memchr(path.data, '/', path.length_bytes);
        size_t length = end ? (size_t)(end - path.data) : path.length_bytes;
        status = add_segment((struct tph_str){path.data, length}, out, start);
        path = after(path, end ? length + 1 : length);
    }
    if (status == TPH_OK && (slash || out->length_bytes == start))
        status = tph_buf_append_char(out, '/');
    if (status != TPH_OK) tph_buf_truncate(out, start);
    return status;
}

static bool take_scheme(struct tph_str *text, struct tph_str *scheme) {
    static const struct tph_str known[] = {{"https", 5}, {"http", 4}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t length = known[i].length_bytes;
        if (text->length_bytes < length + 3 || memcmp(text->data + length, "://", 3) != 0) continue;
        if (!tph_str_equal_nocase((struct tph_str){text->data, length}, known[i])) continue;
        *scheme = known[i];
        *text = after(*text, length + 3);
        return true;
    }
    return false;
}

/* Splits `text` before the first character of `set`: gives the head, leaves the rest. */
static struct tph_str take_until(struct tph_str *text, const char *set) {
    size_t length = 0;
    while (length < text->length_bytes && !among(text->data[length], set)) length++;
    struct tph_str head = {text->data, length};
    *text = after(*text, length);
    return head;
}

static bool is_name(struct tph_str host) {
    for (size_t i = 0; i < host.length_bytes; i++)
        if (!is_alnum(host.data[i]) && !among(host.data[i], "-._")) return false;
    return host.length_bytes > 0;
}

static bool is_ipv6(struct tph_str host) {
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (host.length_bytes >= sizeof text || memchr(host.data, '\0', host.length_bytes))
        return false;
    memcpy(text, host.data, host.length_bytes);
    text[host.length_bytes] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

/* ":5000" -> 5000, "" -> 0; -1: malformed */
static int port_number(struct tph_str text) {
    int port = 0;
    if (text.length_bytes == 0) return 0;
    if (text.data[0] != ':' || text.length_bytes > 6) return -1;
    for (size_t i = 1; i < text.length_bytes; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return -1;
        port = port * 10 + (text.data[i] - '0');
    }
    return port >= 1 && port <= 65535 ? port : -1;
}

static bool split_authority(struct tph_uri *uri) {
    struct tph_str rest = uri->authority;
    bool literal = rest.length_bytes && rest.data[0] == '[';
    if (literal) rest = after(rest, 1);
    uri->host = take_until(&rest, literal ? "]" : ":");
    if (literal && rest.length_bytes == 0) return false;
    if (literal) rest = after(rest, 1);
    uri->port = port_number(rest);
    return uri->port >= 0 && (literal ? is_ipv6(uri->host) : is_name(uri->host));
}

static bool is_printable(struct tph_str text) {
    for (size_t i = 0; i < text.length_bytes; i++)
        if ((unsigned char)text.data[i] <= ' ' || text.data[i] == 0x7f) return false;
    return true;
}

enum tph_status tph_uri_parse(struct tph_str text, struct tph_uri *out) {
    struct tph_uri uri = {.port = 0};
    if (!is_printable(text) || !take_scheme(&text, &uri.scheme)) return TPH_EPARSE;
    uri.authority = take_until(&text, "/?#");
    if (!split_authority(&uri)) return TPH_EPARSE;
    uri.path = take_until(&text, "?#");
    if (uri.path.length_bytes == 0) uri.path = TPH_STR("/");
    if (text.length_bytes && text.data[0] == '?') {
        text = after(text, 1);
        uri.query = take_until(&text, "#");
    }
    if (text.length_bytes) return TPH_EPARSE; /* a fragment is for a reader, not for a server */
    *out = uri;
    return TPH_OK;
}
