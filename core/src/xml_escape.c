#include "trapheus/xml.h"

/* What stands for a byte in a text; empty: itself. */
static struct tph_str entity(char byte) {
    switch (byte) {
    case '&':
        return TPH_STR("&amp;");
    case '<':
        return TPH_STR("&lt;");
    case '>':
        return TPH_STR("&gt;");
    case '"':
        return TPH_STR("&quot;");
    case '\r':
        return TPH_STR("&#13;"); /* which a parser would read as \n */
    default:
        return TPH_STR("");
    }
}

enum tph_status tph_xml_escape(struct tph_str text, struct tph_buf *out) {
    size_t length_bytes = out->length_bytes, plain = 0;
    enum tph_status status = TPH_OK;
    for (size_t i = 0; i <= text.length_bytes && status == TPH_OK; i++) {
        struct tph_str name = i < text.length_bytes ? entity(text.data[i]) : TPH_STR("");
        if (i < text.length_bytes && name.length_bytes == 0) continue;
        status = tph_buf_append(out, (struct tph_str){text.data + plain, i - plain});
        if (status == TPH_OK) status = tph_buf_append(out, name);
        plain = i + 1;
    }
    if (status != TPH_OK) tph_buf_truncate(out, length_bytes);
    return status;
}
