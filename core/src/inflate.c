#include "trapheus/inflate.h"
#include <zlib.h>

#define GZIP_ONLY (16 + MAX_WBITS)

static enum tph_status run(z_stream *stream, struct tph_buf *out) {
    unsigned char piece[16384];
    for (;;) {
        stream->next_out = piece;
        stream->avail_out = sizeof piece;
        int code = inflate(stream, Z_NO_FLUSH);
        if (code == Z_MEM_ERROR) return TPH_ENOMEM;
        if (code != Z_OK && code != Z_STREAM_END) return TPH_EPARSE;
        struct tph_str view = {(const char *)piece, sizeof piece - stream->avail_out};
        enum tph_status status = tph_buf_append(out, view);
        if (status != TPH_OK || code == Z_STREAM_END) return status;
    }
}

enum tph_status tph_inflate(struct tph_str packed, struct tph_buf *out) {
    z_stream stream = {.next_in = (unsigned char *)packed.data, /* zlib only reads */
                       .avail_in = (uInt)packed.length_bytes};
    if (inflateInit2(&stream, GZIP_ONLY) != Z_OK) return TPH_ENOMEM;
    size_t before_bytes = out->length_bytes;
    enum tph_status status = run(&stream, out);
    if (status != TPH_OK) tph_buf_truncate(out, before_bytes);
    inflateEnd(&stream);
    return status;
}
