/* xml_items.h - the items of a listing, found by their tags: not parsed, but known by their bytes.
 *
 * Pure. It holds for documents as AWS writes them; whoever finds another one parses it. */
#ifndef TRAPHEUS_XML_ITEMS_H
#define TRAPHEUS_XML_ITEMS_H

#include "trapheus/buf.h"
#include <stdint.h>

/* A listing that is gone through. Everything is borrowed. */
struct tph_xml_items {
    struct tph_str document;
    struct tph_str element; /* of an item: the list's name without its last letter, an s */
    size_t begin, at, end;  /* in the document: after the list's opening tag, where the next item is
                               looked for, at its closing tag */
};

struct tph_xml_item {
    struct tph_str bytes; /* the element, tags included */
    struct tph_str value; /* of the first element called `field`; empty without one */
    uint64_t print;       /* equal for equal items, but for the text of the first `but`; else as
                             good as never */
};

/* Finds the `list` of the document. TPH_EPARSE: there is none, or it has no end. Of two, what is
 * between them is no item. */
enum tph_status tph_xml_items_init(struct tph_xml_items *, struct tph_str document,
                                   struct tph_str list);

/* The next item. TPH_PENDING: there is no other one. TPH_EPARSE: it is not written as AWS writes
 * it: there is something else than blanks between two, or an attribute. */
enum tph_status tph_xml_items_next(struct tph_xml_items *, struct tph_str field, struct tph_str but,
                                   struct tph_xml_item *item);

#endif
