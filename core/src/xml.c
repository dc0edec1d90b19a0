#include "xml_shape.h"
#include <expat.h>
#include <stdlib.h>
#include <string.h>

/* An element that is not closed yet, and its text so far. */
struct open_element {
    size_t node;
    struct tph_xml_span text;
    const struct tph_xml_shape *shape; /* of what is in it, when that is known */
    bool is_left_out;
};

enum { slot_count = 1024 }; /* a power of two */

/* In the offset of a span: it is one of the document. */
#define IN_DOCUMENT ((uint32_t)1 << 31)

/* A name is looked for at one place: another of the same hash takes that over, and the name is kept
 * twice, which costs some bytes only. */
struct parser {
    XML_Parser expat;
    const char *copy;                  /* of the document, expat's own */
    const struct tph_xml_shape *shape; /* of the document; NULL: everything is wanted */
    enum tph_status status;            /* the first thing that went wrong, besides the syntax */
    struct tph_xml made;
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
    if (span.offset & IN_DOCUMENT)
        return (struct tph_str){xml->document.data + (span.offset & ~IN_DOCUMENT), span.length};
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

static struct tph_str without_prefix(const char *text) {
    const char *colon = strchr(text, ':');
    return tph_str_from(colon ? colon + 1 : text);
}

/* The index of the name, without its prefix. A reply has few names, over and over. */
static enum tph_status find_name(struct parser *parser, const char *text, uint32_t *name) {
    struct tph_str local = without_prefix(text);
    uint32_t *slot = &parser->slots[tph_xml_hash(local) % slot_count];
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

/* A new node, to be filled where it lies; NULL: no room. */
static struct tph_xml_node *new_node(struct tph_xml *xml, enum tph_status *status) {
    void *items = xml->nodes;
    *status = grow(&items, xml->node_count, &xml->node_capacity, sizeof *xml->nodes);
    xml->nodes = items;
    if (*status != TPH_OK) return NULL;
    struct tph_xml_node *node = &xml->nodes[xml->node_count++];
    *node = (struct tph_xml_node){.first_attribute = (uint32_t)xml->attribute_count};
    return node;
}

static enum tph_status add_node(struct parser *parser, const char *name, const char **attributes) {
    enum tph_status status;
    struct tph_xml_node *node = new_node(&parser->made, &status);
    if (node) status = find_name(parser, name, &node->name);
    for (; status == TPH_OK && *attributes; attributes += 2)
        status = add_attribute(&parser->made, node, attributes[0], attributes[1]);
    return status;
}

static enum tph_status read_attribute(struct tph_xml *xml, const struct tph_xml_shape *shape,
                                      const char *name, const char *value) {
    enum tph_status status = TPH_OK;
    const struct tph_xml_member *member = tph_xml_find(shape, tph_str_from(name), true);
    struct tph_xml_node *node = member ? new_node(xml, &status) : NULL;
    if (!node) return status;
    node->member = member;
    node->end = (uint32_t)xml->node_count;
    node->has_text = true;
    return keep(xml, tph_str_from(value), &node->text);
}

/* An element of which the shape that it is in says what it is */
static enum tph_status read_node(struct parser *parser, struct open_element *opened,
                                 const char *name, const char **attributes) {
    enum tph_status status = TPH_OK;
    const struct tph_xml_shape *around = parser->depth ? opened[-1].shape : parser->shape;
    const struct tph_xml_member *member =
        around ? tph_xml_find(around, without_prefix(name), false) : NULL;
    struct tph_xml_node *node = member ? new_node(&parser->made, &status) : NULL;
    opened->is_left_out = node == NULL;
    if (!node) return status;
    node->member = member;
    opened->shape = member->shape;
    for (; opened->shape && *attributes && status == TPH_OK; attributes += 2)
        status = read_attribute(&parser->made, opened->shape, attributes[0], attributes[1]);
    return status;
}

static bool is_blank(struct tph_str text) {
    for (size_t i = 0; i < text.length_bytes; i++) {
        char c = text.data[i];
        if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return false;
    }
    return true;
}

/* A first child has shown that blanks before it are no text. */
static void forget_indentation(struct parser *parser) {
    struct tph_xml *xml = &parser->made;
    struct tph_xml_span *text = &parser->open[parser->depth - 1].text;
    if (text->length == 0 || !is_blank(tph_xml_text(xml, *text))) return;
    text->length = 0;
}

static enum tph_status open_element(struct parser *parser, const char *name,
                                    const char **attributes) {
    struct open_element *opened = &parser->open[parser->depth];
    int offset, length;
    if (parser->depth == TPH_XML_MAX_DEPTH) return TPH_ETOOBIG;
    if (parser->depth == 0)
        parser->copy = XML_GetInputContext(parser->expat, &offset, &length);
    else
        forget_indentation(parser);
    *opened = (struct open_element){.node = parser->made.node_count};
    enum tph_status status = parser->shape ? read_node(parser, opened, name, attributes)
                                           : add_node(parser, name, attributes);
    if (status == TPH_OK) parser->depth++;
    return status;
}

static void start_element(void *context, const char *name, const char **attributes) {
    struct parser *parser = context;
    if (parser->status != TPH_OK) return;
    enum tph_status status = open_element(parser, name, attributes);
    if (status != TPH_OK) stop(parser, status);
}

static void end_element(void *context, const char *name) {
    struct parser *parser = context;
    (void)name;
    if (parser->status != TPH_OK) return;
    const struct open_element *closed = &parser->open[--parser->depth];
    if (closed->is_left_out) return;
    struct tph_xml_node *node = &parser->made.nodes[closed->node];
    node->end = (uint32_t)parser->made.node_count;
    node->text = closed->text;
    node->has_text = node->end == closed->node + 1 || node->text.length;
}

/* Nearly all texts are one piece of the document, and stay there. */
static bool is_in_document(const struct parser *parser, struct tph_str text,
                           struct tph_xml_span *span) {
    size_t offset = (uintptr_t)text.data - (uintptr_t)parser->copy;
    if (!parser->copy || offset >= parser->made.document.length_bytes) return false;
    *span = (struct tph_xml_span){(uint32_t)offset | IN_DOCUMENT, (uint32_t)text.length_bytes};
    return true;
}

/* Makes the text the last one in the arena, where it can go on. */
static enum tph_status move_to_end(struct tph_xml *xml, struct tph_xml_span *text) {
    struct tph_xml_span moved = {(uint32_t)xml->arena.length_bytes, text->length};
    if (text->length && text->offset + text->length != moved.offset) {
        enum tph_status status = tph_buf_reserve(&xml->arena, text->length);
        if (status == TPH_OK) status = tph_buf_append(&xml->arena, tph_xml_text(xml, *text));
        if (status != TPH_OK) return status;
        *text = moved;
    }
    if (text->length == 0) *text = moved;
    return TPH_OK;
}

static enum tph_status add_text(struct parser *parser, struct tph_xml_span *text,
                                struct tph_str more) {
    struct tph_xml *xml = &parser->made;
    if (text->length + more.length_bytes > TPH_XML_MAX_TEXT_BYTES) return TPH_ETOOBIG;
    if (text->length == 0 && is_in_document(parser, more, text)) return TPH_OK;
    enum tph_status status = move_to_end(xml, text);
    if (status == TPH_OK) status = tph_buf_append(&xml->arena, more);
    if (status == TPH_OK) text->length += (uint32_t)more.length_bytes;
    return status;
}

/* Blanks that follow a child are no text unless they follow text. A leaf may be blank. */
static void character_data(void *context, const char *data, int length) {
    struct parser *parser = context;
    struct tph_str more = {data, (size_t)length};
    if (parser->status != TPH_OK) return;
    struct open_element *open = &parser->open[parser->depth - 1];
    if (open->shape || open->is_left_out) return;
    bool has_child = parser->made.node_count > open->node + 1;
    if (has_child && open->text.length == 0 && is_blank(more)) return;
    enum tph_status status = add_text(parser, &open->text, more);
    if (status != TPH_OK) stop(parser, status);
}

/* Without a DTD there are no entities to expand and nothing to fetch. */
static void start_doctype(void *context, const char *name, const char *system, const char *public,
                          int internal) {
    (void)name, (void)system, (void)public, (void)internal;
    stop(context, TPH_EREFUSED);
}

static enum tph_status run(struct parser *parser) {
    struct tph_str bytes = parser->made.document;
    XML_SetUserData(parser->expat, parser);
    XML_SetElementHandler(parser->expat, start_element, end_element);
    XML_SetCharacterDataHandler(parser->expat, character_data);
    XML_SetStartDoctypeDeclHandler(parser->expat, start_doctype);
    enum XML_Status outcome =
        XML_Parse(parser->expat, bytes.data ? bytes.data : "", (int)bytes.length_bytes, XML_TRUE);
    if (outcome == XML_STATUS_OK || parser->status != TPH_OK) return parser->status;
    return XML_GetErrorCode(parser->expat) == XML_ERROR_NO_MEMORY ? TPH_ENOMEM : TPH_EPARSE;
}

enum tph_status tph_xml_read(struct tph_xml *xml, struct tph_str bytes,
                             const struct tph_xml_shape *document) {
    struct parser parser = {.status = TPH_OK, .shape = document};
    if (bytes.length_bytes > TPH_XML_MAX_BYTES) return TPH_ETOOBIG;
    parser.expat = XML_ParserCreate(NULL);
    if (!parser.expat) return TPH_ENOMEM;
    tph_xml_init(&parser.made);
    parser.made.document = bytes;
    enum tph_status status = run(&parser);
    XML_ParserFree(parser.expat);
    if (status == TPH_OK)
        *xml = parser.made;
    else
        tph_xml_deinit(&parser.made);
    return status;
}

enum tph_status tph_xml_parse(struct tph_xml *xml, struct tph_str bytes) {
    return tph_xml_read(xml, bytes, NULL);
}
