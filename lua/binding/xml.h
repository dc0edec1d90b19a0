/* xml.h - documents in Lua's hands */
#ifndef TRAPHEUS_BINDING_XML_H
#define TRAPHEUS_BINDING_XML_H

#include "field.h"
#include "trapheus/xml.h"

/* [-0, +1] an empty document, freed when it is collected */
struct tph_xml *tph_push_xml(lua_State *L);

/* [-0, +1] the function xml.decode */
void tph_push_decode(lua_State *L);

/* xml.items(body, list, field, but) -> items, begin, end | nothing */
int tph_xml_items(lua_State *L);

/* xml.write(writing, value[, kept]) -> text */
int tph_xml_write(lua_State *L);

#endif
