#include "trapheus/xml_items.h"
#include <string.h>

enum { max_tag_bytes = 128 };

static const size_t nowhere = SIZE_MAX;

static const bool opening = false, closing = true;

/* Writes the tag of that name; empty: there can be none. */
static struct tph_str write_tag(char *tag, bool is_closing, struct tph_str name) {
    size_t begin = is_closing ? 2 : 1, length = begin + name.length_bytes + 1;
    if (name.length_bytes == 0 || length > max_tag_bytes) return TPH_STR("");
    tag[0] = '<', tag[1] = '/';
    memcpy(tag + begin, name.data, name.length_bytes);
    tag[length - 1] = '>';
    return (struct tph_str){tag, length};
}

/* Where in the document, between two places, the tag of that name begins. */
static size_t find_tag(struct tph_str document, size_t from, size_t to, bool is_closing,
                       struct tph_str name) {
    char text[max_tag_bytes];
    struct tph_str tag = write_tag(text, is_closing, name);
    if (tag.length_bytes == 0) return nowhere;
    const char *found = memmem(document.data + from, to - from, tag.data, tag.length_bytes);
    return found ? (size_t)(found - document.data) : nowhere;
}

/* Where the last closing tag of that name begins: near the end of a page, most of which is not
 * looked at. */
static size_t find_end(struct tph_str document, size_t from, struct tph_str name) {
    char text[max_tag_bytes];
    struct tph_str tag = write_tag(text, closing, name);
    size_t at = document.length_bytes;
    while (tag.length_bytes > 0 && at > from) {
        const char *found = memrchr(document.data + from, '<', at - from);
        if (!found) break;
        at = (size_t)(found - document.data);
        size_t left = document.length_bytes - at;
        if (left >= tag.length_bytes && memcmp(found, tag.data, tag.length_bytes) == 0) return at;
    }
    return nowhere;
}

enum tph_status tph_xml_items_init(struct tph_xml_items *items, struct tph_str document,
                                   struct tph_str list) {
    if (list.length_bytes < 2 || document.length_bytes == 0) return TPH_EPARSE;
    size_t begin = find_tag(document, 0, document.length_bytes, opening, list);
    if (begin == nowhere) return TPH_EPARSE;
    begin += list.length_bytes + 2;
    size_t end = find_end(document, begin, list);
    if (end == nowhere) return TPH_EPARSE;
    struct tph_str element = {list.data, list.length_bytes - 1};
    *items = (struct tph_xml_items){document, element, begin, begin, end};
    return TPH_OK;
}

static uint64_t mix(uint64_t hash, struct tph_str bytes) {
    size_t i = 0;
    uint64_t word;
    for (; i + sizeof word <= bytes.length_bytes; i += sizeof word) {
        memcpy(&word, bytes.data + i, sizeof word);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
    }
    word = bytes.length_bytes;
    memcpy(&word, bytes.data + i, bytes.length_bytes - i);
    hash = (hash ^ word ^ (uint64_t)bytes.length_bytes << 56) * 0xBF58476D1CE4E5B9u;
    return hash ^ hash >> 32;
}

/* The text of the first element of that name; empty, at the end, without one. */
static struct tph_str text_of(struct tph_str bytes, struct tph_str name) {
    size_t at = find_tag(bytes, 0, bytes.length_bytes, opening, name);
    if (at == nowhere) return (struct tph_str){bytes.data + bytes.length_bytes, 0};
    at += name.length_bytes + 2;
    const char *end = memchr(bytes.data + at, '<', bytes.length_bytes - at);
    return (struct tph_str){bytes.data + at, end ? (size_t)(end - bytes.data) - at : 0};
}

static uint64_t print_of(struct tph_str bytes, struct tph_str but) {
    struct tph_str left_out = text_of(bytes, but);
    const char *after = left_out.data + left_out.length_bytes;
    struct tph_str before = {bytes.data, (size_t)(left_out.data - bytes.data)};
    struct tph_str rest = {after, (size_t)(bytes.data + bytes.length_bytes - after)};
    return mix(mix(0, before), rest);
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static bool opens_item(const struct tph_xml_items *items, size_t at) {
    struct tph_str element = items->element;
    const char *tag = items->document.data + at;
    return items->end - at >= element.length_bytes + 2 && *tag == '<' &&
           memcmp(tag + 1, element.data, element.length_bytes) == 0 &&
           tag[element.length_bytes + 1] == '>';
}

enum tph_status tph_xml_items_next(struct tph_xml_items *items, struct tph_str field,
                                   struct tph_str but, struct tph_xml_item *item) {
    struct tph_str document = items->document;
    size_t at = items->at;
    while (at < items->end && is_blank(document.data[at])) at++;
    if (at == items->end) return TPH_PENDING;
    if (!opens_item(items, at)) return TPH_EPARSE;
    size_t end = find_tag(document, at, items->end, closing, items->element);
    if (end == nowhere) return TPH_EPARSE;
    items->at = end + items->element.length_bytes + 3;
    item->bytes = (struct tph_str){document.data + at, items->at - at};
    item->value = text_of(item->bytes, field);
    item->print = print_of(item->bytes, but);
    return TPH_OK;
}
