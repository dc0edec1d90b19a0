/* xml.c - core.xml: a document as nested tables, or read as a model says */
#include "field.h"
#include "trapheus/xml.h"

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

/* Reading as a model says. A reading, trapheus.core.Reading of lua/meta, is what becomes of an
 * element: true, the kind of a scalar, a function, or a table that says what becomes of its
 * children. */

static void push_reading(lua_State *L, const struct tph_xml *xml, size_t index);

static void misread(lua_State *L, struct tph_str name, const char *kind) {
    tph_push_str(L, name);
    lua_pushfstring(L, "%s is no %s", lua_tostring(L, -1), kind);
    lua_error(L);
}

/* [-1, +1] the reading of a text becomes its value */
static void read_text(lua_State *L, struct tph_str text, struct tph_str name) {
    const char *kind = lua_tostring(L, -1);
    if (kind) {
        if (!tph_push_scalar(L, kind, text)) misread(L, name, kind);
        lua_replace(L, -2);
    } else if (lua_isboolean(L, -1)) {
        lua_pop(L, 1);
        tph_push_str(L, text);
    } else {
        tph_push_str(L, text);
        tph_push_str(L, name);
        lua_call(L, 2, 1);
    }
}

/* How a container is made and filled: adds the child `index` to the table at `value`, as it is
 * said at `how`. */
typedef void adder(lua_State *L, const struct tph_xml *xml, int how, int value, size_t index);

static void add_item(lua_State *L, const struct tph_xml *xml, int how, int value, size_t index) {
    lua_pushvalue(L, how);
    push_reading(L, xml, index);
    lua_rawseti(L, value, (lua_Integer)lua_rawlen(L, value) + 1);
}

/* [-0, +1] the part of an entry, or nil */
static void push_part(lua_State *L, const struct tph_xml *xml, int how, const char *part,
                      size_t entry) {
    lua_getfield(L, how, part);
    lua_rawgeti(L, -1, 1);
    struct tph_str tag = tph_check_str(L, -1);
    lua_pushnil(L);
    for (size_t i = entry + 1; i < xml->nodes[entry].end; i = xml->nodes[i].end) {
        if (!tph_str_equal(tph_xml_name(xml, &xml->nodes[i]), tag)) continue;
        lua_pop(L, 1);
        lua_rawgeti(L, -2, 2);
        push_reading(L, xml, i);
    }
    lua_replace(L, -3);
    lua_pop(L, 1);
}

static void add_entry(lua_State *L, const struct tph_xml *xml, int how, int value, size_t index) {
    push_part(L, xml, how, "key", index);
    push_part(L, xml, how, "value", index);
    if (lua_isnil(L, -2))
        lua_pop(L, 2);
    else
        lua_rawset(L, value);
}

static void add_member(lua_State *L, const struct tph_xml *xml, int how, int value, size_t index);

/* [-0, +2] how to fill a container by the reading at `reading`, and an empty one for `count` */
static adder *push_container(lua_State *L, int reading, int count) {
    adder *add = add_member;
    bool list = false;
    if (lua_getfield(L, reading, "members") == LUA_TNIL) {
        lua_pop(L, 1);
        list = lua_getfield(L, reading, "item") != LUA_TNIL;
        add = list ? add_item : add_entry;
    }
    if (add == add_entry) {
        lua_pop(L, 1);
        lua_pushvalue(L, reading);
    }
    lua_createtable(L, list ? count : 0, list ? 0 : count);
    if (list) {
        lua_getfield(L, reading, "metatable"); /* nil: it has none */
        lua_setmetatable(L, -2);
    }
    return add;
}

/* [-2, +0] adds a child of the structure at `value` to its member; below: the name of the member
 * and its reading */
static void add_flattened(lua_State *L, const struct tph_xml *xml, int value, size_t index) {
    int reading = lua_gettop(L);
    adder *add = push_container(L, reading, 1);
    lua_pushvalue(L, reading - 1);
    if (lua_rawget(L, value) == LUA_TTABLE) {
        lua_replace(L, -2);
    } else {
        lua_pop(L, 1);
        lua_pushvalue(L, reading - 1);
        lua_pushvalue(L, -2);
        lua_rawset(L, value);
    }
    add(L, xml, reading + 1, reading + 2, index);
    lua_settop(L, reading - 2);
}

static bool is_flattened(lua_State *L, int member) {
    bool flattened = lua_rawgeti(L, member, 3) == LUA_TBOOLEAN;
    lua_pop(L, 1);
    return flattened;
}

static void add_member(lua_State *L, const struct tph_xml *xml, int how, int value, size_t index) {
    push_name(L, &xml->nodes[index]);
    if (lua_rawget(L, how) == LUA_TTABLE) {
        int member = lua_gettop(L);
        lua_rawgeti(L, member, 1);
        if (lua_rawgeti(L, member, 2) == LUA_TTABLE && is_flattened(L, member)) {
            add_flattened(L, xml, value, index);
        } else {
            push_reading(L, xml, index);
            lua_rawset(L, value);
        }
    }
    lua_pop(L, 1);
}

/* Adds an attribute to the table at `value`, as the table on the top says. */
static void add_attribute(lua_State *L, const struct tph_xml *xml, int value,
                          const struct tph_xml_attribute *attribute) {
    struct tph_str name = tph_xml_text(xml, attribute->name);
    tph_push_str(L, name);
    if (lua_rawget(L, -2) == LUA_TTABLE) {
        lua_rawgeti(L, -1, 1);
        lua_rawgeti(L, -2, 2);
        read_text(L, tph_xml_text(xml, attribute->value), name);
        lua_rawset(L, value);
    }
    lua_pop(L, 1);
}

static void add_attributes(lua_State *L, const struct tph_xml *xml, int reading, int value,
                           const struct tph_xml_node *node) {
    if (lua_getfield(L, reading, "attributes") == LUA_TTABLE)
        for (size_t i = 0; i < node->attribute_count; i++)
            add_attribute(L, xml, value, &xml->attributes[node->first_attribute + i]);
    lua_pop(L, 1);
}

/* [-1, +1] the reading of an element becomes its value */
static void push_reading(lua_State *L, const struct tph_xml *xml, size_t index) {
    const struct tph_xml_node *node = &xml->nodes[index];
    int reading = lua_gettop(L);
    if (!lua_istable(L, reading)) {
        read_text(L, tph_xml_text(xml, node->text), tph_xml_name(xml, node));
        return;
    }
    luaL_checkstack(L, 16, "XML");
    adder *add = push_container(L, reading, child_count(xml, index));
    for (size_t i = index + 1; i < node->end; i = xml->nodes[i].end)
        add(L, xml, reading + 1, reading + 2, i);
    if (node->attribute_count) add_attributes(L, xml, reading, reading + 2, node);
    lua_replace(L, reading);
    lua_settop(L, reading);
}

static void push_names(lua_State *L, const struct tph_xml *xml) {
    lua_createtable(L, (int)xml->name_count, 0);
    for (size_t i = 0; i < xml->name_count; i++) {
        tph_push_str(L, tph_xml_text(xml, xml->names[i]));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* [-0, +2] the document, freed when it is collected, and its names | nil, err */
static struct tph_xml *push_document(lua_State *L, struct tph_str bytes) {
    lua_settop(L, 2);
    struct tph_xml *xml = lua_newuserdatauv(L, sizeof *xml, 0);
    tph_xml_init(xml);
    luaL_setmetatable(L, DOCUMENT);
    enum tph_status status = tph_xml_parse(xml, bytes);
    if (status == TPH_OK)
        push_names(L, xml);
    else
        tph_push_failure(L, status, "XML");
    return status == TPH_OK ? xml : NULL;
}

/* xml.parse(bytes) -> { name=, text=, attributes=, … } | nil, err */
static int xml_parse(lua_State *L) {
    struct tph_xml *xml = push_document(L, tph_check_str(L, 1));
    if (!xml) return 2;
    push_node(L, xml, 0);
    tph_xml_deinit(xml); /* early: a reply may be large */
    return 1;
}

/* xml.decode(bytes, { ROOT = reading }) -> name of the root, its value | nil, err */
static int xml_decode(lua_State *L) {
    luaL_checktype(L, 2, LUA_TTABLE);
    struct tph_xml *xml = push_document(L, tph_check_str(L, 1));
    if (!xml) return 2;
    push_name(L, &xml->nodes[0]);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, 2) != LUA_TNIL) push_reading(L, xml, 0);
    tph_xml_deinit(xml);
    return 2;
}

/* What stands for a byte in a text; NULL: itself. */
static const char *entity(char byte) {
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\r':
        return "&#13;"; /* which a parser would read as \n */
    default:
        return NULL;
    }
}

/* xml.escape(text) -> text */
static int xml_escape(lua_State *L) {
    struct tph_str text = tph_check_str(L, 1);
    size_t plain = 0;
    while (plain < text.length_bytes && !entity(text.data[plain])) plain++;
    lua_settop(L, 1);
    if (plain == text.length_bytes) return 1;
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    luaL_addlstring(&out, text.data, plain);
    for (size_t i = plain; i < text.length_bytes; i++) {
        const char *name = entity(text.data[i]);
        if (name)
            luaL_addstring(&out, name);
        else
            luaL_addchar(&out, text.data[i]);
    }
    luaL_pushresult(&out);
    return 1;
}

void tph_bind_xml(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"parse", xml_parse}, {"decode", xml_decode}, {"escape", xml_escape}, {NULL, NULL}};
    luaL_newmetatable(L, DOCUMENT);
    lua_pushcfunction(L, document_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "xml");
}
