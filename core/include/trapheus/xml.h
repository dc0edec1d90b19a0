/* xml.h - an XML document as a flat array of nodes.
 *
 * Pure. For the replies of AWS: no DTD, no namespaces to tell apart, everything bounded. The
 * whole document is parsed before anybody looks at it, so nothing foreign runs inside expat. */
#ifndef TRAPHEUS_XML_H
#define TRAPHEUS_XML_H

#include "trapheus/buf.h"
#include <stdint.h>

#define TPH_XML_MAX_BYTES ((size_t)16 << 20) /* document */
#define TPH_XML_MAX_TEXT_BYTES                                                                     \
    ((size_t)1 << 20) /* character data of one element, or an attribute */
#define TPH_XML_MAX_DEPTH 32
#define TPH_XML_MAX_ATTRIBUTES 16 /* of one element */
#define TPH_XML_MAX_NODES ((size_t)1 << 20)

/* Where a text lies, in the document itself or in the arena; tph_xml_text() gives the bytes. */
struct tph_xml_span {
    uint32_t offset, length;
};

/* What the children and the attributes of an element are, for who knows what to expect. The caller
 * owns all of it. */
struct tph_xml_shape {
    const struct tph_xml_member *members;
    uint32_t member_count; /* at most TPH_XML_MAX_MEMBERS */
    bool any_tag;          /* every child is the first member, whatever its name */
    uint32_t slot_count;   /* tph_xml_slot_count(member_count) */
    uint16_t *slots;       /* filled by tph_xml_shape_index() */
};

struct tph_xml_member {
    struct tph_str tag;                /* an element without its prefix, an attribute as written */
    const struct tph_xml_shape *shape; /* of what is in it; NULL: text */
    bool is_attribute, flattened;      /* the second is for the caller alone, as is `kind` */
    uint8_t kind;
};

#define TPH_XML_MAX_MEMBERS 16384

uint32_t tph_xml_slot_count(uint32_t member_count);
void tph_xml_shape_index(struct tph_xml_shape *);

struct tph_xml_attribute {
    struct tph_xml_span name, value; /* the name as written, with its prefix */
};

/* An element. Nodes are in document order: the first child of node i, if it has one, is i + 1,
 * and what follows a child is the node at its `end`, until the `end` of the parent. */
struct tph_xml_node {
    union {
        uint32_t name;                       /* parsed: index in `names` */
        const struct tph_xml_member *member; /* read */
    };
    struct tph_xml_span text; /* its own character data, joined around its children; blanks between
                                 them, before any other text, do not count */
    uint32_t end;             /* index after its last descendant */
    uint32_t first_attribute;
    uint16_t attribute_count;
    bool has_text; /* false: it has children and nothing but blanks between them */
};

/* Owned, but for the document. */
struct tph_xml {
    struct tph_str document; /* what was parsed, borrowed: the spans refer to it and to `arena` */
    struct tph_buf arena;
    struct tph_xml_node *nodes; /* nodes[0] is the root element */
    struct tph_xml_span *names; /* without a prefix; kept once each, or hardly more often */
    struct tph_xml_attribute *attributes;
    size_t node_count, node_capacity, name_count, name_capacity, attribute_count,
        attribute_capacity;
};

void tph_xml_init(struct tph_xml *);
void tph_xml_deinit(struct tph_xml *); /* frees; safe to repeat */

/* Parses a whole document into an initialised, empty `xml`, which is as it was after an error. The
 * bytes must stay where they are until it is freed.
 * TPH_EPARSE: not well-formed, cut short, or empty. TPH_EREFUSED: a DOCTYPE. TPH_ETOOBIG: a limit
 * above. TPH_ENOMEM. */
enum tph_status tph_xml_parse(struct tph_xml *xml, struct tph_str bytes);

/* The same, of what the shape of the document (its one member is the root) has: other elements and
 * all below them are checked and left out, attributes are nodes before the children, and an element
 * with a shape has no text. No node: the root is another. The nodes refer to the shapes. */
enum tph_status tph_xml_read(struct tph_xml *xml, struct tph_str bytes,
                             const struct tph_xml_shape *document);

/* The bytes of a span, and of a parsed element's name; valid until the document is freed. */
struct tph_str tph_xml_text(const struct tph_xml *, struct tph_xml_span);
struct tph_str tph_xml_name(const struct tph_xml *, const struct tph_xml_node *);

/* Appends the text as it stands between tags or quotes; what is no character of XML is not looked
 * for. Errors are those of tph_buf_append(). */
enum tph_status tph_xml_escape(struct tph_str text, struct tph_buf *out);

#endif
