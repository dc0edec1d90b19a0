/* trapheus.core, when memory runs out: in Lua, or below it.
 *
 * A request of Lua's that fails once makes it collect everything there and then, and try again: so
 * the sweep with one failure also shows that nothing in use was left unanchored. */
#include "faulty.h"
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <unistd.h>

int luaopen_trapheus_core(lua_State *L);

/* Each returns a text that says all, and raises what it gets as `nil, err`. */
static const char *const chunks[] = {
    "local signed = core.sigv4.sign { method = 'POST', path = '/a b/../c', query = 'b=2&a=1',\n"
    "  headers = { { 'host', 'example.com' }, { 'x-other', ' a  b ' } }, body = 'x', service = "
    "'rds',\n"
    "  region = 'eu-west-1', time = 1440938160, sign_body = true, credentials = {\n"
    "  access_key_id = 'AKID', secret_access_key = 'secret', session_token = 'token' } }\n"
    "local lines = { signed.canonical_request, signed.string_to_sign, signed.authorization }\n"
    "for i, header in ipairs(signed.headers) do lines[3 + i] = header[1] .. header[2] end\n"
    "return table.concat(lines, '\\n')",

    "local key <close> = core.credentials { access_key_id = 'AKID', secret_access_key = 'secret',\n"
    "  session_token = 'token', expires_at = 7 }\n"
    "local signed = core.sigv4.sign { method = 'GET', headers = { { 'host', 'h' } },\n"
    "  service = 's' .. key.expires_at, region = 'r', time = 0, credentials = key }\n"
    "return tostring(key) .. key.access_key_id .. signed.signature",

    "local long = ('name with blanks & more '):rep(10)\n"
    "local body = core.form.encode { { long, '1' }, { 'b' .. long, long }, { 'c', '' } }\n"
    "local pairs = must(core.form.decode(body))\n"
    "assert(pairs[2][1] == 'b' .. long and pairs[2][2] == long and #pairs == 3)\n"
    "local encoded = core.uri.encode(long, true)\n"
    "assert(must(core.uri.decode(encoded)) == long)\n"
    "local parts = must(core.uri.parse('https://[::1]:5000/path?query'))\n"
    "return body .. encoded .. parts.host .. parts.port .. parts.path .. parts.query",

    "local root = must(core.xml.parse('<r a=\"1\">' .. ('<e b=\"&lt;\">text<!-- --> &amp; "
    "text</e>')"
    ":rep(70) .. '</r>'))\n"
    "local lines = { root.name, root.attributes.a }\n"
    "for i, e in ipairs(root) do lines[2 + i] = e.name .. e.text .. e.attributes.b end\n"
    "local nothing, err = core.xml.parse '<r>'\n"
    "if err.code ~= 'EPARSE' then error(err) end\n"
    "return table.concat(lines) .. tostring(nothing)",

    "local list = { { name = 'x' .. 1, at = 1.5, [('k'):rep(300)] = ('\\1'):rep(99) }, {}, 1e300 "
    "}\n"
    "for i = 4, 40 do list[i] = { ['b' .. i] = i, ['a' .. i] = { list[1] } } end\n"
    "local nothing, wrong = core.write_json({ list = { print } }, {})\n"
    "if wrong ~= 'cannot encode a function at $.list[1]' then error(wrong) end\n"
    "return must(core.write_json(list, {}, true)) .. must(core.write_json(list, {}))",

    "local item = { members = { Name = { 'Name', true }, Size = { 'Size', 'integer' } } }\n"
    "local reading = { members = { R = { 'R', { members = { L = { 'L', { item = item } } } } } } "
    "}\n"
    "local root = must(core.xml.decode('<R><L>' .. ('<E><Name>a &amp; b</Name><Size>7</Size>'\n"
    "  .. '<Other/></E>'):rep(40) .. '</L></R>', reading))\n"
    "local found = root.R\n"
    "local lines = {}\n"
    "for i, e in ipairs(found.L) do lines[i] = e.Name .. e.Size end\n"
    "return #found.L .. table.concat(lines)",

    "local size = { 2, 'S', '<S>', '</S>', 'integer' }\n"
    "local item = { 5, 'E', '<E>', '</E>', 'structure', { 'A', { 1, 'A', '<A>', '</A>', 'string' "
    "},\n"
    "  'F', { 4, 'F', false, false, 'map', function(value) return value .. '!' end }, 'S', size } "
    "}\n"
    "local value = { A = ('a & b'):rep(9), F = 'f', S = 7 }\n"
    "local list = {}\n"
    "for i = 1, 20 do list[i] = value end\n"
    "local _, err = pcall(core.xml.write, item, { B = 1, C = 2 })\n"
    "if not err:find 'member B' then error(err, 0) end\n"
    "return core.xml.write({ 6, 'L', '<L>', '</L>', 'list', item }, list, { [value] = {} })",

    "local body = '<ErrorResponse><Error><Code>Throttling</Code><Message>m</Message></Error>'\n"
    "  .. '<RequestId>r</RequestId></ErrorResponse>'\n"
    "local read = core.reply.read { status = 400, body = body, read_only = true }\n"
    "local judged = core.reply.judge { status = 500, code = 'InternalFailure', message = 'm' }\n"
    "return read.code .. tostring(read.retryable) .. judged.code .. tostring(judged.ambiguous)",

    "local verdict = core.waiter.judge({ { state = 'failure', matcher = 'error', expected = 'E' "
    "},\n"
    "  { state = 'success', matcher = 'pathAll', expected = 12 } }, { values = { 12, '12', 12 } "
    "})\n"
    "local limiter = core.limiter.new { rate_per_s = 1, burst = 1 }\n"
    "local delay = core.waiter.delay_ms { elapsed_ms = 100000, min_ms = 1, max_ms = 9, random = "
    "0.5 }\n"
    "return verdict .. limiter:take(0) .. limiter:take(0) .. delay .. core.sha256(verdict)\n"
    "  .. #core.random_bytes(99) .. must(core.system.stat '/').type",

    "local loop <close> = must(core.loop { virtual = true, start_ms = 5 })\n"
    "local ops, ended = {}, {}\n"
    "for i = 1, 20 do ops[i] = must(loop:timer(i * 1000)) end\n"
    "ops[7]:close()\n"
    "while must(loop:step()) > 0 do end\n"
    "for i, op in ipairs(ops) do ended[i] = tostring(op:done()) .. tostring((op:result())) end\n"
    "return table.concat(ended) .. loop:now_ms()",

    "local loop <close> = must(core.loop { virtual = true })\n"
    "local op <close> = must(loop:http { method = 'POST', url = 'http://127.0.0.1:1/', body = "
    "'x',\n"
    "  headers = { { 'X-A', 'b' } }, allow_http = true, no_proxy = true })\n"
    "while must(loop:step()) > 0 do end\n"
    "local nothing, err = op:result()\n"
    "if err.code ~= 'ECONNECT' then unsent(err) end\n"
    "return err.code",

    "local loop <close> = must(core.loop { virtual = true })\n"
    "local op <close> = must(loop:aws { url = 'http://127.0.0.1:1/', body = 'Action=A',\n"
    "  service = 'rds', region = 'eu-west-1', max_attempts = 1, allow_http = true,\n"
    "  credentials = core.credentials { access_key_id = 'A', secret_access_key = 's' } })\n"
    "while must(loop:step()) > 0 do end\n"
    "local err = must(op:result()).error\n"
    "if err.code ~= 'ConnectError' then unsent(err) end\n"
    "return err.code .. err.attempts .. tostring(err.ambiguous)",

    "local loop <close> = must(core.loop { virtual = true })\n"
    "local op <close> = must(core.notify { loop = loop, url = 'http://127.0.0.1:1/s', body = "
    "'{}',\n"
    "  allow_host = '127.0.0.1', allow_private = true, allow_http = true })\n"
    "while must(loop:step()) > 0 do end\n"
    "local nothing, err = op:result()\n"
    "if err.code ~= 'ECONNECT' then unsent(err) end\n"
    "local _, refused = core.notify { loop = loop, url = 'https://example.com/secret', body = '' "
    "}\n"
    "return err.code .. refused.message",

    "local inner = { 'a', 'b', n = 2 }\n"
    "local made = core.copy { inner, { inner }, key = inner }\n"
    "assert(made.key ~= inner and core.copy({ inner }, true)[1] == inner)\n"
    "return made[1][2] .. made[2][1][1] .. made.key.n .. #made",

    "local op <close> = must(running:process { argv = { 'echo', 'output' }, timeout_ms = 20000,\n"
    "  max_bytes = 100, environment = { 'A=b' }, apart = true })\n"
    "while not op:done() do must(running:step()) end\n"
    "local ended = must(op:result())\n"
    "return ended.code .. ended.output .. ended.errors",

    "local path = directory .. '/private'\n"
    "local ok, message = core.system.write_private(path, 'text')\n"
    "if not ok then error(message, 0) end\n"
    "return must(core.system.stat(path)).type .. core.sha1(path)",

    "must(store:save('run', 'step', document, '{}', 5))\n"
    "local run, record = must(store:list())[1], must(store:records 'old')[1]\n"
    "local _, holder = store:lock('l', { run_id = 'b', host = 'h', boot_id = 'b', pid = 1 }, 0, "
    "9)\n"
    "if holder.code then error(holder) end\n"
    "must(store:unlock('l', 'b'))\n"
    "must(store:check())\n"
    "assert(must(store:load 'run') == document and run.document == document)\n"
    "return run.run_id .. run.updated_ms .. record.kind .. record.record .. holder.run_id",

    /* in brackets: clang takes two lines between commas for a comma forgotten */
    ("local opened <close> = must(core.store.open(directory))\n"
     "return must(opened:load 'run')"),
};
enum { CHUNKS = sizeof chunks / sizeof *chunks };

/* libcurl may say of a host that it was not found when there was no memory to look. */
static const char prelude[] =
    "function must(value, err) if value == nil then error(err, 0) end return value end\n"
    "function unsent(err)\n"
    "  local resolving = err.code == 'ERESOLVE' or err.code == 'NameResolutionError'\n"
    "  error(resolving and 'memory' or err, 0)\n"
    "end\n"
    "document = ('d'):rep(5000)\n"
    "running = must(core.loop {})\n"
    "store = must(core.store.open(directory))\n"
    "must(store:save('old', 'step', document, '{}', 4))\n"
    "must(store:save('run', 'step', document, '{}', 5))\n"
    "assert(store:lock('l', { run_id = 'a', host = 'h', boot_id = 'b', pid = 1 }, 0, 9))\n";

static char directory[64];
static size_t live_bytes;

/* Lua takes for granted that a block can be made smaller. */
static void *allocate(void *context, void *block, size_t old_bytes, size_t new_bytes) {
    if (!block) old_bytes = 0;
    if (new_bytes > old_bytes && faulty_fails()) return NULL;
    live_bytes += new_bytes - old_bytes;
    if (new_bytes > 0) return __real_realloc(block, new_bytes);
    free(block);
    return NULL;
}

static int open_libraries(lua_State *L) {
    luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
    luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
    luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(L, "core", luaopen_trapheus_core, 1);
    return 0;
}

/* Any other failure than memory's should not be there; SQLite does not always call it by name. */
static enum tph_status failure(lua_State *L, int error) {
    if (error == LUA_ERRMEM) return TPH_ENOMEM;
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, "code");
        if (strcmp(lua_tostring(L, -1), "ESTORE") == 0) return TPH_ESTORE;
        lua_pop(L, 1);
        lua_getfield(L, -1, "message");
        lua_replace(L, -2);
    }
    const char *text = lua_tostring(L, -1);
    if (!text || !strstr(text, "memory")) fail_msg("%s", text ? text : luaL_typename(L, -1));
    return TPH_ENOMEM;
}

static enum tph_status try_opening(void *context) {
    lua_State *L = NULL;
    int error = LUA_ERRMEM;
    faulty_arm();
    if ((L = lua_newstate(allocate, NULL))) {
        lua_pushcfunction(L, open_libraries);
        error = lua_pcall(L, 0, 0, 0);
    }
    enum tph_status status = faulty_disarm(error == LUA_OK ? TPH_OK : failure(L, error));
    if (L) lua_close(L);
    assert_int_equal(live_bytes, 0);
    return status;
}

static void the_module_opens_or_leaves_nothing(void **state) {
    faulty_sweep(try_opening, NULL);
    faulty_sweep_length(try_opening, NULL, 2);
}

/* The chunk is at 1, the result it should have at 2. */
static enum tph_status try_running(void *context) {
    lua_State *L = context;
    enum tph_status status = TPH_OK;
    lua_pushvalue(L, 1);
    faulty_arm();
    int error = lua_pcall(L, 0, 1, 0);
    faulty_disarm(TPH_OK);
    if (error != LUA_OK)
        status = failure(L, error);
    else
        assert_string_equal(lua_tostring(L, -1), lua_tostring(L, 2));
    lua_settop(L, 2);
    lua_gc(L, LUA_GCCOLLECT);
    return status;
}

static void run(lua_State *L, const char *text) {
    if (luaL_loadstring(L, text) != LUA_OK || lua_pcall(L, 0, LUA_MULTRET, 0) != LUA_OK)
        fail_msg("%s", luaL_tolstring(L, -1, NULL));
}

static void a_call_gives_its_result_or_an_error(void **state) {
    lua_State *L = lua_newstate(allocate, NULL);
    assert_non_null(L);
    open_libraries(L);
    lua_pushstring(L, directory);
    lua_setglobal(L, "directory");
    lua_settop(L, 0);
    run(L, prelude);
    for (size_t i = 0; i < CHUNKS; i++) {
        lua_settop(L, 0);
        assert_int_equal(luaL_loadstring(L, chunks[i]), LUA_OK);
        run(L, chunks[i]);
        assert_true(lua_isstring(L, 2));
        faulty_sweep(try_running, L);
        faulty_sweep_length(try_running, L, 2);
    }
    lua_close(L);
    assert_int_equal(live_bytes, 0);
}

static int set_up(void **state) {
    const char *base =
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* thousands of fsyncs */
    snprintf(directory, sizeof directory, "%s/test_alloc_binding.XXXXXX", base);
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state) {
    static const char *const endings[] = {"", "-wal", "-shm"};
    char path[112];
    snprintf(path, sizeof path, "%s/private", directory);
    unlink(path);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/journal.db%s", directory, endings[i]);
        unlink(path);
    }
    return rmdir(directory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_module_opens_or_leaves_nothing),
        cmocka_unit_test_setup_teardown(a_call_gives_its_result_or_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, faulty_set_up, NULL);
}
