/* A reply of a JSON protocol, or of the query protocol, is judged whatever it says, and a code is
 * never longer than its limit; what gzip did not make is no text. */
#include "trapheus/aws_reply.h"
#include "trapheus/inflate.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(bool holds) {
    if (!holds) abort();
}

static void judge(struct tph_str body, int status, bool json) {
    struct tph_aws_verdict verdict;
    struct tph_header header = {TPH_STR("x-amzn-errortype"), body};
    struct tph_http_reply reply = {
        .status = status, .body = body, .headers = &header, .header_count = json && status > 400};
    tph_aws_verdict_init(&verdict);
    require(tph_aws_reply_read(&verdict, &reply, json) == TPH_OK);
    require(!verdict.ok || (verdict.readable && status < 300));
    require(verdict.code.length_bytes <= 256 && verdict.message.length_bytes <= 4096);
    tph_aws_verdict_deinit(&verdict);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
    struct tph_str body = {(const char *)data, size};
    static const int statuses[] = {200, 400, 503};
    struct tph_buf text;
    for (size_t i = 0; i < 3; i++) {
        judge(body, statuses[i], true);
        judge(body, statuses[i], false);
    }
    tph_buf_init(&text, (size_t)1 << 20);
    tph_inflate(body, &text);
    tph_buf_deinit(&text);
    return 0;
}
