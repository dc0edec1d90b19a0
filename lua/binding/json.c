/* json.c - core.write_json: a value as JSON; what trapheus.json.encode is made of */
#include "field.h"
#include "trapheus/json.h"
#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE = 1, LIST, INDENT };                   /* arguments */
enum { MOST_LEVELS = 200, SLOTS = 8, FIELDS = 16 }; /* on the stack: a level, fields at once */
enum { FEW = 48 }; /* fields that are sorted by insertion: qsort() would take longer */

#define NO_LIMIT (SIZE_MAX / 4)
#define KEPT_BYTES ((size_t)64 * 1024) /* of room, from one text to the next */

/* Where a value is, for messages: under a name, or else in a list. */
struct place {
    const struct place *outer; /* NULL: it is the whole value */
    struct tph_str name;       /* no data: an item */
    size_t item;
};

/* What is being written. Text and fields are in userdata, so that an error leaks neither; all calls
 * share them, as no Lua, of a finalizer say, runs before the text is complete, or given up. */
struct writing {
    lua_State *L;
    struct tph_buf *out, *fields; /* of all levels, the innermost's last */
    const void *list;             /* the metatable that marks one */
    bool indents;
    int level;
};

struct field {
    struct tph_str name;
    uint64_t start; /* its first bytes, as a number that orders as they do */
    int value;      /* where on the stack */
};

static bool put_value(struct writing *, int index, const struct place *);

static void must(struct writing *writing, enum tph_status status) {
    if (status != TPH_OK) luaL_error(writing->L, "JSON: %s", tph_status_text(status));
}

static void put(struct writing *writing, struct tph_str text) {
    must(writing, tph_buf_append(writing->out, text));
}

/* In nearly all cases there is room. */
static void put_char(struct writing *writing, char c) {
    struct tph_buf *out = writing->out;
    if (out->length_bytes + 1 >= out->capacity_bytes) must(writing, tph_buf_reserve(out, 1));
    out->data[out->length_bytes++] = c;
    out->data[out->length_bytes] = '\0';
}

static void make_room(lua_State *L, int slots) {
    if (!lua_checkstack(L, slots)) luaL_error(L, "JSON: not enough memory on the stack");
}

/* [-0, +1] "$.list[1].name" */
static void push_path(lua_State *L, const struct place *place) {
    make_room(L, SLOTS);
    if (!place->outer) {
        lua_pushliteral(L, "$");
        return;
    }
    push_path(L, place->outer);
    if (place->name.data) {
        lua_pushliteral(L, ".");
        tph_push_str(L, place->name);
        lua_concat(L, 3);
    } else {
        lua_pushfstring(L, "[%I]", (lua_Integer)place->item);
        lua_concat(L, 2);
    }
}

/* [-0, +1] what cannot be encoded, and where it is; `value`, if it is not 0, is to be shown. */
static bool refuse(struct writing *writing, const struct place *place, const char *what,
                   int value) {
    lua_State *L = writing->L;
    if (value) value = lua_absindex(L, value);
    push_path(L, place); /* before anything else: __tostring could change the tables */
    int path = lua_gettop(L);
    lua_pushfstring(L, "cannot encode %s", what);
    if (value) luaL_tolstring(L, value, NULL);
    lua_pushliteral(L, " at ");
    lua_pushvalue(L, path);
    lua_concat(L, lua_gettop(L) - path);
    return false;
}

static void put_newline(struct writing *writing) {
    if (!writing->indents) return;
    put_char(writing, '\n');
    for (int i = 0; i < writing->level; i++) put(writing, TPH_STR("  "));
}

static void put_name(struct writing *writing, struct tph_str name) {
    must(writing, tph_json_put_string(name, writing->out));
    put_char(writing, ':');
    if (writing->indents) put_char(writing, ' ');
}

/* One of the values inside a table, the first after nothing, the others after a comma */
static bool put_inner(struct writing *writing, int index, const struct place *place) {
    if (place->item > 1) put_char(writing, ',');
    put_newline(writing);
    if (place->name.data) put_name(writing, place->name);
    return put_value(writing, index, place);
}

static void put_end(struct writing *writing, size_t count, char bracket) {
    writing->level--;
    if (count > 0) put_newline(writing);
    put_char(writing, bracket);
}

static size_t count_fields(lua_State *L, int table) {
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) count++;
    return count;
}

static bool put_list(struct writing *writing, int list, const struct place *outer) {
    lua_State *L = writing->L;
    size_t count = lua_rawlen(L, list);
    if (count_fields(L, list) != count)
        return refuse(writing, outer, "the list with holes or names", 0);
    put_char(writing, '[');
    writing->level++;
    struct place place = {.outer = outer};
    for (place.item = 1; place.item <= count; place.item++) {
        lua_rawgeti(L, list, (lua_Integer)place.item);
        if (!put_inner(writing, list + 1, &place)) return false;
        lua_settop(L, list);
    }
    put_end(writing, count, ']');
    return true;
}

static uint64_t start_of(struct tph_str name) {
    uint64_t start = 0;
    memcpy(&start, name.data, name.length_bytes < sizeof start ? name.length_bytes : sizeof start);
    return be64toh(start);
}

static void add_field(struct writing *writing, int value) {
    struct field field = {.value = value};
    field.name.data = lua_tolstring(writing->L, value - 1, &field.name.length_bytes);
    field.start = start_of(field.name);
    struct tph_str bytes = {(const char *)&field, sizeof field};
    must(writing, tph_buf_append(writing->fields, bytes));
}

/* [-0, +n] Puts all that the table has on the stack, and into the fields. */
static bool read_fields(struct writing *writing, int table, const struct place *place) {
    lua_State *L = writing->L;
    int value = table + 2, count = 0;
    for (lua_pushnil(L); lua_next(L, table); value += 2) {
        if (lua_type(L, -2) != LUA_TSTRING) return refuse(writing, place, "the key ", -2);
        add_field(writing, value);
        if (count++ % FIELDS == 0) make_room(L, 2 * FIELDS + SLOTS);
        lua_pushvalue(L, -2); /* the key; what was read stays below it */
    }
    return true;
}

/* By bytes, as Lua compares strings in the locale "C", the program's */
static int compare_names(const struct tph_str *a, const struct tph_str *b) {
    size_t shorter = a->length_bytes < b->length_bytes ? a->length_bytes : b->length_bytes;
    int order = memcmp(a->data, b->data, shorter);
    if (order != 0) return order;
    return (a->length_bytes > b->length_bytes) - (a->length_bytes < b->length_bytes);
}

static int compare(const void *left, const void *right) {
    const struct field *a = left, *b = right;
    if (a->start != b->start) return a->start < b->start ? -1 : 1;
    return compare_names(&a->name, &b->name);
}

static void sort(struct field *fields, size_t count) {
    if (count > FEW) {
        qsort(fields, count, sizeof *fields, compare);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct field moved = fields[i];
        size_t to = i;
        for (; to > 0 && compare(&moved, &fields[to - 1]) < 0; to--) fields[to] = fields[to - 1];
        fields[to] = moved;
    }
}

static struct field *fields_from(struct writing *writing, size_t start) {
    return (struct field *)(void *)(writing->fields->data + start);
}

static bool put_object(struct writing *writing, int object, const struct place *outer) {
    size_t start = writing->fields->length_bytes;
    if (!read_fields(writing, object, outer)) return false;
    size_t count = (writing->fields->length_bytes - start) / sizeof(struct field);
    if (count > 0) sort(fields_from(writing, start), count);
    put_char(writing, '{');
    writing->level++;
    struct place place = {.outer = outer};
    for (place.item = 1; place.item <= count; place.item++) {
        struct field field = fields_from(writing, start)[place.item - 1]; /* they may move */
        place.name = field.name;
        if (!put_inner(writing, field.value, &place)) return false;
    }
    put_end(writing, count, '}');
    tph_buf_truncate(writing->fields, start);
    lua_settop(writing->L, object);
    return true;
}

/* Is it a list: marked as one, or with a first element? */
static bool is_list(struct writing *writing, int table) {
    lua_State *L = writing->L;
    bool is_marked = lua_getmetatable(L, table) && lua_topointer(L, -1) == writing->list;
    if (!is_marked) lua_rawgeti(L, table, 1);
    bool has_first = is_marked || !lua_isnil(L, -1);
    lua_settop(L, table);
    return has_first;
}

/* The table is on the top of the stack, or is brought there. */
static bool put_table(struct writing *writing, int index, const struct place *place) {
    lua_State *L = writing->L;
    if (writing->level >= MOST_LEVELS) return refuse(writing, place, "more than 200 levels", 0);
    make_room(L, SLOTS);
    int top = lua_gettop(L);
    if (index != top) lua_pushvalue(L, index);
    int table = lua_gettop(L);
    bool done = is_list(writing, table) ? put_list(writing, table, place)
                                        : put_object(writing, table, place);
    if (done) lua_settop(L, top);
    return done;
}

static bool put_number(struct writing *writing, int index, const struct place *place) {
    if (lua_isinteger(writing->L, index)) {
        must(writing, tph_json_put_integer(lua_tointeger(writing->L, index), writing->out));
        return true;
    }
    enum tph_status status = tph_json_put_number(lua_tonumber(writing->L, index), writing->out);
    if (status == TPH_EINVAL) return refuse(writing, place, "", index);
    must(writing, status);
    return true;
}

static bool put_other(struct writing *writing, int index, const struct place *place) {
    lua_State *L = writing->L;
    bool is_null = lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL;
    if (is_null)
        put(writing, TPH_STR("null"));
    else if (lua_isboolean(L, index))
        put(writing, lua_toboolean(L, index) ? TPH_STR("true") : TPH_STR("false"));
    else
        return refuse(writing, place, lua_pushfstring(L, "a %s", luaL_typename(L, index)), 0);
    return true;
}

static bool put_value(struct writing *writing, int index, const struct place *place) {
    struct tph_str text;
    switch (lua_type(writing->L, index)) {
    case LUA_TSTRING:
        text.data = lua_tolstring(writing->L, index, &text.length_bytes);
        must(writing, tph_json_put_string(text, writing->out));
        return true;
    case LUA_TNUMBER:
        return put_number(writing, index, place);
    case LUA_TTABLE:
        return put_table(writing, index, place);
    default:
        return put_other(writing, index, place);
    }
}

static void trim(struct tph_buf *buf) {
    if (buf->capacity_bytes > KEPT_BYTES) tph_buf_wipe(buf);
}

/* write_json(value, list, indent) -> text | nil, message */
static int write_json(lua_State *L) {
    luaL_checktype(L, LIST, LUA_TTABLE);
    lua_settop(L, INDENT);
    struct writing writing = {.L = L,
                              .out = lua_touserdata(L, lua_upvalueindex(1)),
                              .fields = lua_touserdata(L, lua_upvalueindex(2)),
                              .list = lua_topointer(L, LIST),
                              .indents = lua_toboolean(L, INDENT)};
    tph_buf_truncate(writing.out, 0);
    tph_buf_truncate(writing.fields, 0);
    bool done = put_value(&writing, VALUE, &(struct place){.outer = NULL});
    if (done)
        tph_push_str(L, tph_buf_view(writing.out));
    else
        lua_pushnil(L);
    trim(writing.out);
    trim(writing.fields);
    if (done) return 1;
    lua_insert(L, -2);
    return 2;
}

void tph_bind_json(lua_State *L) {
    tph_push_buf(L, NO_LIMIT);
    tph_push_buf(L, NO_LIMIT);
    lua_pushcclosure(L, write_json, 2);
    lua_setfield(L, -2, "write_json");
}
