/* xml_shape.h - private to the XML parser: names, and what a shape says of them. */
#ifndef TRAPHEUS_XML_SHAPE_H
#define TRAPHEUS_XML_SHAPE_H

#include "trapheus/xml.h"

size_t tph_xml_hash(struct tph_str name);

/* The member that an element or an attribute of this name is; NULL: none. */
const struct tph_xml_member *tph_xml_find(const struct tph_xml_shape *, struct tph_str tag,
                                          bool is_attribute);

#endif
