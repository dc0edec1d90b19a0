/* xml.c - core.xml: a document as nested tables */
#include "xml.h"

#define DOCUMENT "trapheus.xml"

/* Where in the stack of each function here the names of the document are, as strings: every name is
 * made a string once, not for every element. */
enum { names_index = 4 };

static int document_gc(lua_State *L) {
    tph_xml_deinit(luaL_checkudata(L, 1, DOCUMENT));
    return 0;
}

static void set_span(lua_State *L, const char *name, const struct tph_xml *xml,
                     struct tph_xml_span span) {
    tph_push_str(L, tph_xml_text(xml, span));
    lua_setfield(L, -2, name);
}

/* [-0, +1] */
static void push_name(lua_State *L, const struct tph_xml_node *node) {
    lua_rawgeti(L, names_index, (lua_Integer)node->name + 1);
}

static void push_attributes(lua_State *L, const struct tph_xml *xml,
                            const struct tph_xml_node *node) {
    lua_createtable(L, 0, (int)node->attribute_count);
    for (size_t i = 0; i < node->attribute_count; i++) {
        const struct tph_xml_attribute *attribute = &xml->attributes[node->first_attribute + i];
        tph_push_str(L, tph_xml_text(xml, attribute->name));
        tph_push_str(L, tph_xml_text(xml, attribute->value));
        lua_rawset(L, -3);
    }
}

static int child_count(const struct tph_xml *xml, size_t parent) {
    int count = 0;
    for (size_t i = parent + 1; i < xml->nodes[parent].end; i = xml->nodes[i].end) count++;
    return count;
}

/* [-0, +1] the node with all below it; the depth of the document bounds the recursion */
static void push_node(lua_State *L, const struct tph_xml *xml, size_t index) {
    const struct tph_xml_node *node = &xml->nodes[index];
    lua_Integer place = 0;
    luaL_checkstack(L, 4, "XML");
    lua_createtable(L, child_count(xml, index), 3);
    push_name(L, node);
    lua_setfield(L, -2, "name");
    if (node->has_text) set_span(L, "text", xml, node->text);
    if (node->attribute_count) {
        push_attributes(L, xml, node);
        lua_setfield(L, -2, "attributes");
    }
    for (size_t i = index + 1; i < node->end; i = xml->nodes[i].end) {
        push_node(L, xml, i);
        lua_rawseti(L, -2, ++place);
    }
}

static void push_names(lua_State *L, const struct tph_xml *xml) {
    lua_createtable(L, (int)xml->name_count, 0);
    for (size_t i = 0; i < xml->name_count; i++) {
        tph_push_str(L, tph_xml_text(xml, xml->names[i]));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

struct tph_xml *tph_push_xml(lua_State *L) {
    struct tph_xml *xml = lua_newuserdatauv(L, sizeof *xml, 0);
    tph_xml_init(xml);
    luaL_setmetatable(L, DOCUMENT);
    return xml;
}

/* xml.parse(bytes) -> { name=, text=, attributes=, … } | nil, err */
static int xml_parse(lua_State *L) {
    struct tph_str bytes = tph_check_str(L, 1);
    lua_settop(L, 2);
    struct tph_xml *xml = tph_push_xml(L);
    enum tph_status status = tph_xml_parse(xml, bytes);
    if (status != TPH_OK) return tph_push_failure(L, status, "XML");
    push_names(L, xml);
    push_node(L, xml, 0);
    tph_xml_deinit(xml); /* early: a reply may be large */
    return 1;
}

/* xml.escape(text) -> text */
static int xml_escape(lua_State *L) {
    struct tph_str text = tph_check_str(L, 1);
    struct tph_buf *out = tph_push_buf(L, 6 * text.length_bytes);
    enum tph_status status = tph_xml_escape(text, out);
    if (status != TPH_OK) return luaL_error(L, "XML: %s", tph_status_text(status));
    tph_push_str(L, tph_buf_view(out));
    tph_buf_deinit(out);
    return 1;
}

void tph_bind_xml(lua_State *L) {
    static const luaL_Reg functions[] = {{"parse", xml_parse},
                                         {"escape", xml_escape},
                                         {"write", tph_xml_write},
                                         {"items", tph_xml_items},
                                         {NULL, NULL}};
    luaL_newmetatable(L, DOCUMENT);
    lua_pushcfunction(L, document_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    tph_push_decode(L);
    lua_setfield(L, -2, "decode");
    lua_setfield(L, -2, "xml");
}
