#include "trapheus/xml.h"
#include <expat.h>
#include <stdlib.h>
#include <string.h>

/* An element that is not closed yet. */
struct open_element {
    size_t node;
    size_t text_start; /* in `pending` */
};

enum { slot_count = 1024 }; /* a power of two */

/* Text waits in `pending` until its element is closed: that of a child lies on top of that of its
 * parent, and is moved to the arena before the parent's goes on.
 *
 * A name is looked for at one place: another of the same hash takes that over, and the name is kept
 * twice, which costs some bytes only. */
struct parser {
    XML_Parser expat;
    enum tph_status status; /* the first thing that went wrong, besides the syntax */
    struct tph_xml made;
    struct tph_buf pending;
    struct open_element open[TPH_XML_MAX_DEPTH];
    size_t depth;
    uint32_t slots[slot_count]; /* by the hash of a name: 1 + where in `made.names` it is, or 0 */
};

void tph_xml_init(struct tph_xml *xml) {
    /* expat recodes to UTF-8, which can double the bytes of a document in Latin 1 */
    *xml = (struct tph_xml){.nodes = NULL};
    tph_buf_init(&xml->arena, 2 * TPH_XML_MAX_BYTES);
}

void tph_xml_deinit(struct tph_xml *xml) {
    tph_buf_deinit(&xml->arena);
    free(xml->nodes);
    free(xml->names);
    free(xml->attributes);
    tph_xml_init(xml);
}

struct tph_str tph_xml_text(const struct tph_xml *xml, struct tph_xml_span span) {
    if (span.length == 0) return TPH_STR("");
    return (struct tph_str){xml->arena.data + span.offset, span.length};
}

struct tph_str tph_xml_name(const struct tph_xml *xml, const struct tph_xml_node *node) {
    return tph_xml_text(xml, xml->names[node->name]);
}

/* Expat may still call a handler or two after this; each looks at the status first. */
static void stop(struct parser *parser, enum tph_status status) {
    parser->status = status;
    XML_StopParser(parser->expat, XML_FALSE);
}

/* Makes room for one more item in an array that doubles. */
static enum tph_status grow(void **items, size_t count, size_t *capacity, size_t item_bytes) {
    if (count < *capacity) return TPH_OK;
    if (count >= TPH_XML_MAX_NODES) return TPH_ETOOBIG;
    size_t larger = *capacity ? 2 * *capacity : 64;
    void *moved = realloc(*items, larger * item_bytes);
    if (!moved) return TPH_ENOMEM;
    *items = moved;
    *capacity = larger;
    return TPH_OK;
}

static enum tph_status keep(struct tph_xml *xml, struct tph_str text, struct tph_xml_span *span) {
    struct tph_xml_span kept = {(uint32_t)xml->arena.length_bytes, (uint32_t)text.length_bytes};
    if (text.length_bytes > TPH_XML_MAX_TEXT_BYTES) return TPH_ETOOBIG;
    enum tph_status status = tph_buf_append(&xml->arena, text);
    if (status == TPH_OK) *span = kept;
    return status;
}

static enum tph_status add_name(struct tph_xml *xml, struct tph_str text, uint32_t *name) {
    void *items = xml->names;
    enum tph_status status = grow(&items, xml->name_count, &xml->name_capacity, sizeof *xml->names);
    xml->names = items;
    if (status == TPH_OK) status = keep(xml, text, &xml->names[xml->name_count]);
    if (status == TPH_OK) *name = (uint32_t)xml->name_count++;
    return status;
}

/* The index of the name, without its prefix. A reply has few names, over and over. */
static enum tph_status find_name(struct parser *parser, const char *text, uint32_t *name) {
    const char *colon = strchr(text, ':'), *end = colon ? colon + 1 : text;
    uint32_t hash = 0;
    struct tph_str local = {end, 0};
    while (*end) hash = hash * 31 + (unsigned char)*end++;
    local.length_bytes = (size_t)(end - local.data);
    uint32_t *slot = &parser->slots[(hash ^ (hash >> 10)) % slot_count];
    struct tph_xml *xml = &parser->made;
    *name = *slot - 1;
    if (*slot && tph_str_equal(tph_xml_text(xml, xml->names[*name]), local)) return TPH_OK;
    enum tph_status status = add_name(xml, local, name);
    if (status == TPH_OK) *slot = *name + 1;
    return status;
}

static enum tph_status add_attribute(struct tph_xml *xml, struct tph_xml_node *node,
                                     const char *name, const char *value) {
    struct tph_xml_attribute attribute = {.name = {0, 0}};
    void *items = xml->attributes;
    if (node->attribute_count == TPH_XML_MAX_ATTRIBUTES) return TPH_ETOOBIG;
    enum tph_status status =
        grow(&items, xml->attribute_count, &xml->attribute_capacity, sizeof attribute);
    xml->attributes = items;
    if (status == TPH_OK) status = keep(xml, tph_str_from(name), &attribute.name);
    if (status == TPH_OK) status = keep(xml, tph_str_from(value), &attribute.value);
    if (status != TPH_OK) return status;
    xml->attributes[xml->attribute_count++] = attribute;
    node->attribute_count++;
    return TPH_OK;
}

static enum tph_status add_node(struct parser *parser, const char *name, const char **attributes) {
    struct tph_xml *xml = &parser->made;
    struct tph_xml_node node = {.first_attribute = (uint32_t)xml->attribute_count};
    void *items = xml->nodes;
    enum tph_status status = grow(&items, xml->node_count, &xml->node_capacity, sizeof node);
    xml->nodes = items;
    if (status == TPH_OK) status = find_name(parser, name, &node.name);
    for (; *attributes && status == TPH_OK; attributes += 2)
        status = add_attribute(xml, &node, attributes[0], attributes[1]);
    if (status == TPH_OK) xml->nodes[xml->node_count++] = node;
    return status;
}

static void start_element(void *context, const char *name, const char **attributes) {
    struct parser *parser = context;
    if (parser->status != TPH_OK) return;
    struct open_element opened = {parser->made.node_count, parser->pending.length_bytes};
    enum tph_status status = TPH_ETOOBIG;
    if (parser->depth < TPH_XML_MAX_DEPTH) status = add_node(parser, name, attributes);
    if (status == TPH_OK)
        parser->open[parser->depth++] = opened;
    else
        stop(parser, status);
}

static bool is_blank(struct tph_str text) {
    for (size_t i = 0; i < text.length_bytes; i++) {
        char c = text.data[i];
        if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return false;
    }
    return true;
}

static void end_element(void *context, const char *name) {
    struct parser *parser = context;
    (void)name;
    if (parser->status != TPH_OK) return;
    struct open_element *closed = &parser->open[--parser->depth];
    struct tph_xml_node *node = &parser->made.nodes[closed->node];
    struct tph_str text = tph_buf_view(&parser->pending);
    text.length_bytes -= closed->text_start;
    if (text.length_bytes) text.data += closed->text_start;
    node->end = (uint32_t)parser->made.node_count;
    node->has_text = node->end == closed->node + 1 || !is_blank(text);
    enum tph_status status = TPH_OK;
    if (node->has_text) status = keep(&parser->made, text, &node->text);
    tph_buf_truncate(&parser->pending, closed->text_start);
    if (status != TPH_OK) stop(parser, status);
}

/* Is the text, of the innermost element, only what sets its children apart? A leaf may be blank,
 * and so may a piece of a longer text. */
static bool is_indentation(const struct parser *parser, struct tph_str text) {
    const struct open_element *open = &parser->open[parser->depth - 1];
    return parser->made.node_count > open->node + 1 &&
           parser->pending.length_bytes == open->text_start && is_blank(text);
}

static void character_data(void *context, const char *data, int length) {
    struct parser *parser = context;
    struct tph_str text = {data, (size_t)length};
    if (parser->status != TPH_OK || is_indentation(parser, text)) return;
    size_t length_bytes = parser->pending.length_bytes - parser->open[parser->depth - 1].text_start;
    enum tph_status status = TPH_ETOOBIG;
    if (length_bytes + text.length_bytes <= TPH_XML_MAX_TEXT_BYTES)
        status = tph_buf_append(&parser->pending, text);
    if (status != TPH_OK) stop(parser, status);
}

/* Without a DTD there are no entities to expand and nothing to fetch. */
static void start_doctype(void *context, const char *name, const char *system, const char *public,
                          int internal) {
    (void)name, (void)system, (void)public, (void)internal;
    stop(context, TPH_EREFUSED);
}

static enum tph_status run(struct parser *parser, struct tph_str bytes) {
    XML_SetUserData(parser->expat, parser);
    XML_SetElementHandler(parser->expat, start_element, end_element);
    XML_SetCharacterDataHandler(parser->expat, character_data);
    XML_SetStartDoctypeDeclHandler(parser->expat, start_doctype);
    enum XML_Status outcome =
        XML_Parse(parser->expat, bytes.data ? bytes.data : "", (int)bytes.length_bytes, XML_TRUE);
    if (outcome == XML_STATUS_OK || parser->status != TPH_OK) return parser->status;
    return XML_GetErrorCode(parser->expat) == XML_ERROR_NO_MEMORY ? TPH_ENOMEM : TPH_EPARSE;
}

enum tph_status tph_xml_parse(struct tph_xml *xml, struct tph_str bytes) {
    struct parser parser = {.status = TPH_OK};
    if (bytes.length_bytes > TPH_XML_MAX_BYTES) return TPH_ETOOBIG;
    parser.expat = XML_ParserCreate(NULL);
    if (!parser.expat) return TPH_ENOMEM;
    tph_xml_init(&parser.made);
    tph_buf_init(&parser.pending, TPH_XML_MAX_DEPTH * TPH_XML_MAX_TEXT_BYTES);
    enum tph_status status = run(&parser, bytes);
    XML_ParserFree(parser.expat);
    tph_buf_deinit(&parser.pending);
    if (status == TPH_OK)
        *xml = parser.made;
    else
        tph_xml_deinit(&parser.made);
    return status;
}
