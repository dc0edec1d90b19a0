/* reading.c - core.xml.decode: a document read as a model says
 *
 * A reading, trapheus.core.Reading of lua/meta, is what becomes of an element. That of a container
 * is compiled once, to a userdata, so that a document is read without asking Lua for anything but
 * the values themselves. */
#include "xml.h"
#include <string.h>

enum { LARGE = 4096 }; /* nodes */

enum container { STRUCTURE, LIST, MAP };

/* A member's `kind`, where it has no shape; the scalars follow. */
enum { AS_TEXT, BY_FUNCTION, AS_SCALAR };

/* The user value of a reading, its parts, holds for its members 0 to n - 1: the names in the table
 * that is made, from 1; what makes their values, if Lua knows it, from n + 1; their tags, from
 * 2 n + 1; and the metatable of a list. */
struct reading {
    struct tph_xml_shape shape; /* first, so that a shape is its reading */
    struct tph_xml_shape entry; /* of a map: what is in each; the members from 1 */
    enum container container;
    struct tph_xml_member members[];
};

static lua_Integer name_part(size_t i) { return (lua_Integer)i + 1; }

static lua_Integer maker_part(const struct reading *reading, size_t i) {
    return (lua_Integer)reading->shape.member_count + (lua_Integer)i + 1;
}

static lua_Integer tag_part(const struct reading *reading, size_t i) {
    return reading->shape.member_count + maker_part(reading, i);
}

static lua_Integer metatable_part(const struct reading *reading) {
    return tag_part(reading, reading->shape.member_count);
}

/* Compiling. `memo`, the first upvalue, has what is compiled by its reading. */

static const struct reading *push_compiled(lua_State *L, int source);

/* [-1, +0] what becomes of the member `i`, to which the reading on the top belongs */
static void set_maker(lua_State *L, struct reading *made, int parts, size_t i) {
    struct tph_xml_member *member = &made->members[i];
    int type = lua_type(L, -1);
    if (type == LUA_TTABLE) {
        member->shape = &push_compiled(L, lua_gettop(L))->shape;
        lua_rawseti(L, parts, maker_part(made, i));
    } else if (type == LUA_TFUNCTION) {
        member->kind = BY_FUNCTION;
        lua_pushvalue(L, -1);
        lua_rawseti(L, parts, maker_part(made, i));
    } else if (type == LUA_TSTRING) {
        member->kind = (uint8_t)(AS_SCALAR + tph_scalar_kind(L, lua_tostring(L, -1)));
    } else if (type != LUA_TBOOLEAN) {
        luaL_error(L, "no such reading: a %s", luaL_typename(L, -1));
    }
    lua_pop(L, 1);
}

/* [-1, +0] the tag of the member */
static void set_tag(lua_State *L, struct reading *made, int parts, size_t i) {
    made->members[i].tag = tph_check_str(L, -1);
    lua_rawseti(L, parts, tag_part(made, i));
}

/* Each element of a flattened list is an item, and of a flattened map an entry. */
static void flatten(struct tph_xml_member *member) {
    const struct reading *list = (const struct reading *)member->shape;
    const struct tph_xml_member *item = list->members;
    member->flattened = true;
    member->shape = list->container == MAP ? &list->entry : item->shape;
    member->kind = item->kind;
}

/* [-1, +0] a trapheus.core.Member */
static void set_member(lua_State *L, struct reading *made, int parts, size_t i) {
    int source = lua_gettop(L);
    luaL_checktype(L, source, LUA_TTABLE);
    lua_rawgeti(L, source, 1);
    lua_rawseti(L, parts, name_part(i));
    lua_rawgeti(L, source, 2);
    set_maker(L, made, parts, i);
    bool flattened = lua_rawgeti(L, source, 3) == LUA_TBOOLEAN;
    if (flattened && made->members[i].shape) flatten(&made->members[i]);
    lua_settop(L, source - 1);
}

/* Adds the members or the attributes of a structure, after the first `count`. */
static size_t set_members(lua_State *L, int source, struct reading *made, int parts, size_t count,
                          const char *field) {
    if (lua_getfield(L, source, field) == LUA_TTABLE) {
        lua_pushnil(L);
        while (lua_next(L, -2)) {
            made->members[count].is_attribute = *field == 'a';
            set_member(L, made, parts, count);
            lua_pushvalue(L, -1);
            set_tag(L, made, parts, count++);
        }
    }
    lua_pop(L, 1);
    return count;
}

static void set_part(lua_State *L, int source, struct reading *made, int parts, size_t i,
                     const char *field) {
    lua_getfield(L, source, field);
    lua_rawgeti(L, -1, 2);
    set_maker(L, made, parts, i);
    lua_rawgeti(L, -1, 1);
    set_tag(L, made, parts, i);
    lua_pop(L, 1);
}

static void fill(lua_State *L, int source, struct reading *made, int parts) {
    if (made->container == STRUCTURE) {
        size_t count = set_members(L, source, made, parts, 0, "members");
        set_members(L, source, made, parts, count, "attributes");
    } else if (made->container == LIST) {
        made->members[0].tag = TPH_STR("an item");
        lua_getfield(L, source, "item");
        set_maker(L, made, parts, 0);
        lua_getfield(L, source, "metatable"); /* nil: it has none */
        lua_rawseti(L, parts, metatable_part(made));
    } else {
        made->members[0].shape = &made->entry;
        set_part(L, source, made, parts, 1, "key");
        set_part(L, source, made, parts, 2, "value");
    }
    tph_xml_shape_index(made->container == MAP ? &made->entry : &made->shape);
}

/* How many pairs the table in a field has; none without the table */
static uint32_t count_pairs(lua_State *L, int source, const char *field) {
    uint32_t count = 0;
    if (lua_getfield(L, source, field) == LUA_TTABLE)
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) count++;
    lua_pop(L, 1);
    return count;
}

static enum container container_of(lua_State *L, int source) {
    bool is_structure = lua_getfield(L, source, "members") == LUA_TTABLE;
    bool is_list = lua_getfield(L, source, "item") != LUA_TNIL;
    lua_pop(L, 2);
    return is_structure ? STRUCTURE : is_list ? LIST : MAP;
}

/* [-0, +1] room for the members, with the slots of the one index after them */
static struct reading *push_room(lua_State *L, enum container container, uint32_t count) {
    uint32_t slot_count = tph_xml_slot_count(count);
    size_t members_end = sizeof(struct reading) + count * sizeof(struct tph_xml_member);
    size_t bytes = members_end + slot_count * sizeof(uint16_t);
    struct reading *made = lua_newuserdatauv(L, bytes, 1);
    memset(made, 0, bytes);
    made->container = container;
    made->shape = (struct tph_xml_shape){made->members, count, container != STRUCTURE, slot_count,
                                         (uint16_t *)((char *)made + members_end)};
    if (container == MAP)
        made->entry =
            (struct tph_xml_shape){&made->members[1], 2, false, slot_count, made->shape.slots};
    return made;
}

/* [-0, +1] the reading that the table at `source` describes; it is known before it is filled, as a
 * shape may be part of itself */
static const struct reading *push_compiled(lua_State *L, int source) {
    luaL_checkstack(L, 16, "XML");
    lua_pushvalue(L, source);
    if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TUSERDATA) return lua_touserdata(L, -1);
    lua_pop(L, 1);
    enum container container = container_of(L, source);
    uint32_t count = container == LIST ? 1 : 3;
    if (container == STRUCTURE)
        count = count_pairs(L, source, "members") + count_pairs(L, source, "attributes");
    if (count > TPH_XML_MAX_MEMBERS) luaL_error(L, "too many members");
    struct reading *made = push_room(L, container, count);
    lua_createtable(L, (int)(3 * count + 1), 0);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, -3, 1);
    lua_pushvalue(L, source);
    lua_pushvalue(L, -3);
    lua_rawset(L, lua_upvalueindex(1));
    fill(L, source, made, lua_gettop(L));
    lua_pop(L, 1);
    return made;
}

/* Making the values. */

/* A container that is being filled: where in the stack its parts and its table are */
struct filling {
    const struct reading *reading;
    int parts, value;
    lua_Integer item_count;
};

static void push_filled(lua_State *L, const struct tph_xml *xml, const struct reading *reading,
                        size_t first, size_t end);

static void push_scalar(lua_State *L, const struct tph_xml_member *member, struct tph_str text) {
    size_t kind = (size_t)member->kind - AS_SCALAR;
    if (tph_push_scalar(L, kind, text)) return;
    tph_push_str(L, member->tag);
    luaL_error(L, "%s is no %s", lua_tostring(L, -1), tph_scalar_name(kind));
}

/* [-0, +1] the value of the node, which is the member `i` of the container */
static void push_value(lua_State *L, const struct tph_xml *xml, const struct filling *filling,
                       size_t i, size_t index) {
    const struct tph_xml_member *member = &filling->reading->members[i];
    const struct tph_xml_node *node = &xml->nodes[index];
    if (member->shape) {
        lua_rawgeti(L, filling->parts, maker_part(filling->reading, i));
        lua_getiuservalue(L, -1, 1);
        lua_replace(L, -2);
        push_filled(L, xml, (const struct reading *)member->shape, index + 1, node->end);
    } else if (member->kind == AS_TEXT) {
        tph_push_str(L, tph_xml_text(xml, node->text));
    } else if (member->kind == BY_FUNCTION) {
        lua_rawgeti(L, filling->parts, maker_part(filling->reading, i));
        tph_push_str(L, tph_xml_text(xml, node->text));
        tph_push_str(L, member->tag);
        lua_call(L, 2, 1);
    } else {
        push_scalar(L, member, tph_xml_text(xml, node->text));
    }
}

/* How a container is filled: adds the node, a child of its element. */
typedef void adder(lua_State *L, const struct tph_xml *xml, struct filling *filling, size_t index);

static adder *const adders[3];

static void add_item(lua_State *L, const struct tph_xml *xml, struct filling *filling,
                     size_t index) {
    push_value(L, xml, filling, 0, index);
    lua_rawseti(L, filling->value, ++filling->item_count);
}

/* The last key and the last value count. */
static void add_entry(lua_State *L, const struct tph_xml *xml, struct filling *filling,
                      size_t index) {
    int key = lua_gettop(L) + 1;
    lua_settop(L, key + 1);
    for (size_t i = index + 1; i < xml->nodes[index].end; i = xml->nodes[i].end) {
        size_t part = (size_t)(xml->nodes[i].member - filling->reading->members);
        push_value(L, xml, filling, part, i);
        lua_replace(L, key + (int)part - 1);
    }
    if (lua_isnil(L, key))
        lua_settop(L, key - 1);
    else
        lua_rawset(L, filling->value);
}

/* [-0, +1] a table for so many children */
static void push_empty(lua_State *L, const struct reading *reading, int parts, int count) {
    bool is_list = reading->container == LIST;
    lua_createtable(L, is_list ? count : 0, is_list ? 0 : count);
    if (!is_list) return;
    lua_rawgeti(L, parts, metatable_part(reading));
    lua_setmetatable(L, -2);
}

/* [-0, +3] the reading of the list or map that is the member `i`, its parts, and its table, which
 * is there or is made */
static struct filling push_inner(lua_State *L, const struct filling *outer, size_t i) {
    lua_rawgeti(L, outer->parts, maker_part(outer->reading, i));
    int below = lua_gettop(L);
    struct filling inner = {lua_touserdata(L, below), below + 1, below + 2, 0};
    lua_getiuservalue(L, below, 1);
    lua_rawgeti(L, outer->parts, name_part(i));
    if (lua_rawget(L, outer->value) == LUA_TTABLE) {
        inner.item_count = (lua_Integer)lua_rawlen(L, inner.value);
        return inner;
    }
    lua_pop(L, 1);
    push_empty(L, inner.reading, inner.parts, 1);
    lua_rawgeti(L, outer->parts, name_part(i));
    lua_pushvalue(L, inner.value);
    lua_rawset(L, outer->value);
    return inner;
}

static void add_member(lua_State *L, const struct tph_xml *xml, struct filling *filling,
                       size_t index) {
    const struct tph_xml_member *member = xml->nodes[index].member;
    size_t i = (size_t)(member - filling->reading->members);
    if (member->flattened) {
        struct filling inner = push_inner(L, filling, i);
        adders[inner.reading->container](L, xml, &inner, index);
        lua_settop(L, inner.parts - 2);
        return;
    }
    lua_rawgeti(L, filling->parts, name_part(i));
    push_value(L, xml, filling, i, index);
    lua_rawset(L, filling->value);
}

static adder *const adders[3] = {[STRUCTURE] = add_member, [LIST] = add_item, [MAP] = add_entry};

/* [-1, +1] the parts of the reading become the value that the nodes from `first` make; the depth
 * of the document bounds the recursion */
static void push_filled(lua_State *L, const struct tph_xml *xml, const struct reading *reading,
                        size_t first, size_t end) {
    int count = 0, parts = lua_gettop(L);
    struct filling filling = {reading, parts, parts + 1, 0};
    luaL_checkstack(L, 16, "XML");
    for (size_t i = first; i < end; i = xml->nodes[i].end) count++;
    push_empty(L, reading, parts, count);
    adder *add = adders[reading->container];
    for (size_t i = first; i < end; i = xml->nodes[i].end) add(L, xml, &filling, i);
    lua_replace(L, parts);
}

/* (document, parts of its reading, the reading) -> table */
static int make_values(lua_State *L) {
    const struct tph_xml *xml = lua_touserdata(L, 1);
    const struct reading *reading = lua_touserdata(L, 3);
    lua_settop(L, 2);
    push_filled(L, xml, reading, 0, xml->node_count);
    return 1;
}

/* Calls; without collecting, of a large document: all that is made is still needed, so that looking
 * for garbage among it only takes time. To start again costs a step, too much for a small one. */
static void call_sparing(lua_State *L, int argument_count, size_t node_count) {
    bool stop = node_count >= LARGE && lua_gc(L, LUA_GCISRUNNING);
    if (stop) lua_gc(L, LUA_GCSTOP);
    int status = lua_pcall(L, argument_count, 1, 0);
    if (stop) lua_gc(L, LUA_GCRESTART);
    if (status != LUA_OK) lua_error(L);
}

/* xml.decode(bytes, reading) -> table | nil, err */
static int decode(lua_State *L) {
    struct tph_str bytes = tph_check_str(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    struct tph_xml *xml = tph_push_xml(L);
    const struct reading *reading = push_compiled(L, 2);
    enum tph_status status = tph_xml_read(xml, bytes, &reading->shape);
    if (status != TPH_OK) return tph_push_failure(L, status, "XML");
    lua_pushcfunction(L, make_values);
    lua_pushvalue(L, 3);
    lua_getiuservalue(L, 4, 1);
    lua_pushvalue(L, 4);
    call_sparing(L, 3, xml->node_count);
    tph_xml_deinit(xml); /* early: a reply may be large */
    return 1;
}

void tph_push_decode(lua_State *L) {
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushcclosure(L, decode, 1);
}
