/* items.c - core.xml.items: the items of a listing, flat */
#include "trapheus/xml_items.h"
#include "xml.h"

enum { VALUE, PRINT, FIRST, LAST, PARTS };

/* [-0, +0] the item's four values, after the first `count` of the list at `list` */
static void add_item(lua_State *L, int list, lua_Integer count, const struct tph_xml_items *items,
                     const struct tph_xml_item *item) {
    lua_Integer first = item->bytes.data - items->document.data + 1;
    tph_push_str(L, item->value);
    lua_rawseti(L, list, count + VALUE + 1);
    lua_pushinteger(L, (lua_Integer)item->print);
    lua_rawseti(L, list, count + PRINT + 1);
    lua_pushinteger(L, first);
    lua_rawseti(L, list, count + FIRST + 1);
    lua_pushinteger(L, first + (lua_Integer)item->bytes.length_bytes - 1);
    lua_rawseti(L, list, count + LAST + 1);
}

/* xml.items(body, list, field, but) -> { value, print, first, last, … }, begin, end | nothing; the
 * body is a text or bytes that are held */
int tph_xml_items(lua_State *L) {
    struct tph_str field = tph_check_str(L, 3), but = tph_check_str(L, 4);
    struct tph_xml_items items;
    struct tph_xml_item item;
    enum tph_status status = tph_xml_items_init(&items, tph_check_bytes(L, 1), tph_check_str(L, 2));
    if (status != TPH_OK) return 0;
    lua_settop(L, 4);
    lua_createtable(L, 100 * PARTS, 0); /* as many as a page of RDS has at most */
    for (lua_Integer count = 0;; count += PARTS) {
        status = tph_xml_items_next(&items, field, but, &item);
        if (status != TPH_OK) break;
        add_item(L, 5, count, &items, &item);
    }
    if (status != TPH_PENDING) return 0;
    lua_pushinteger(L, (lua_Integer)items.begin);
    lua_pushinteger(L, (lua_Integer)items.end + 1);
    return 3;
}
