#include "trapheus/credentials.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static bool is_token(struct tph_str text) {
    for (size_t i = 0; i < text.length_bytes; i++)
        if ((unsigned char)text.data[i] <= ' ' || text.data[i] == 0x7f) return false;
    return true;
}

bool tph_credentials_valid(const struct tph_credentials *credentials) {
    return credentials->access_key_id.length_bytes && credentials->secret_access_key.length_bytes &&
           is_token(credentials->access_key_id) && is_token(credentials->session_token);
}

static struct tph_str place(char **end, struct tph_str text) {
    struct tph_str copy = {*end, text.length_bytes};
    if (text.length_bytes) memcpy(*end, text.data, text.length_bytes);
    *end += text.length_bytes;
    return copy;
}

enum tph_status tph_credentials_init(struct tph_credentials *credentials,
                                     const struct tph_credentials *source) {
    if (!tph_credentials_valid(source)) return TPH_EINVAL;
    struct tph_credentials made = {.expires_at_s = source->expires_at_s};
    made.block_bytes = sizeof *made.derived + source->access_key_id.length_bytes +
                       source->secret_access_key.length_bytes + source->session_token.length_bytes;
    made.block = malloc(made.block_bytes);
    if (!made.block) return TPH_ENOMEM;
    made.derived = memset(made.block, 0, sizeof *made.derived);
    char *end = made.block + sizeof *made.derived;
    made.access_key_id = place(&end, source->access_key_id);
    made.secret_access_key = place(&end, source->secret_access_key);
    made.session_token = place(&end, source->session_token);
    *credentials = made;
    return TPH_OK;
}

void tph_credentials_deinit(struct tph_credentials *credentials) {
    if (credentials->block) OPENSSL_cleanse(credentials->block, credentials->block_bytes);
    free(credentials->block);
    *credentials = (struct tph_credentials){.block = NULL};
}
