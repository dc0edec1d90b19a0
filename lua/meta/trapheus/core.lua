---@meta trapheus.core

--- What the C module answers to, for the Lua language server. Private to trapheus, except for its
--- pure parts (sigv4, credentials, uri, form, xml, backoff, waiter, limiter, sha256).
---
--- A failure that is an answer comes as `nil, err`; misuse raises.
---@class trapheus.core
---@field version string
---@field bundled? fun(name: string): string?  A file inside the program; not there in a stock Lua.
local core = {}

---@class trapheus.core.Failure
---@field code string      "ETIMEDOUT"
---@field message string

---@alias trapheus.core.Pair { [1]: string, [2]: string }

-- The operating system --------------------------------------------------------------------

--- In hexadecimal.
---@param bytes string
---@return string
function core.sha256(bytes) end

---@param count integer  At most 4096.
---@return string
function core.random_bytes(count) end

core.system = {}

--- Makes one private directory (0700); one that is there is fine.
---@param path string
---@return true? made, string? message
function core.system.mkdir(path) end

---@param path string
---@return { type: "file"|"directory"|"other", size_bytes: integer, mode: integer, uid: integer }?
---@return string? message
function core.system.stat(path) end

---@param path string
---@return string? absolute, string? message
function core.system.realpath(path) end

---@param fd integer
---@return boolean
function core.system.isatty(fd) end

--- The width of a terminal in characters; 80 where there is none.
---@param fd integer
---@return integer
function core.system.columns(fd) end

---@return integer
function core.system.getpid() end

---@return integer
function core.system.geteuid() end

---@return string
function core.system.hostname() end

---@param name string
---@param value string?  nil removes it.
---@return true? set, string? message
function core.system.setenv(name, value) end

-- Signing ---------------------------------------------------------------------------------

---@class trapheus.core.Secrets
---@field access_key_id string
---@field secret_access_key string
---@field session_token? string
---@field expires_at? number  Seconds since the epoch.

--- Wipes itself when it is closed or collected; the secret and the token cannot be read.
---@class trapheus.core.Credentials
---@field access_key_id? string  nil once it is closed.
---@field expires_at? integer
local Credentials = {}

function Credentials:close() end

---@param secrets trapheus.core.Secrets
---@return trapheus.core.Credentials
function core.credentials(secrets) end

---@class trapheus.core.SigningRequest
---@field method string
---@field path? string
---@field query? string                   Percent-encoded.
---@field headers trapheus.core.Pair[]    One must be host.
---@field body? string
---@field service string                  "rds"
---@field region string
---@field time number                     Seconds since the epoch.
---@field credentials trapheus.core.Credentials|trapheus.core.Secrets
---@field normalize_path? boolean         Default: true.
---@field sign_body? boolean              Adds x-amz-content-sha256. Default: false.
---@field omit_session_token? boolean     Sends it unsigned. Default: false.

---@class trapheus.core.Signed
---@field canonical_request string
---@field string_to_sign string
---@field signature string
---@field authorization string
---@field headers trapheus.core.Pair[]    All that is to be sent.

core.sigv4 = {}

---@param request trapheus.core.SigningRequest
---@return trapheus.core.Signed
function core.sigv4.sign(request) end

-- Text ------------------------------------------------------------------------------------

core.uri = {}

---@param bytes string
---@param keep_slash? boolean
---@return string
function core.uri.encode(bytes, keep_slash) end

---@param text string
---@return string? bytes, trapheus.core.Failure? err
function core.uri.decode(text) end

---@param url string
---@return { scheme: string, authority: string, host: string, port: integer?, path: string, query: string }?
---@return trapheus.core.Failure? err
function core.uri.parse(url) end

core.form = {}

---@param pairs trapheus.core.Pair[]
---@return string body
function core.form.encode(pairs) end

---@param body string
---@return trapheus.core.Pair[]? pairs, trapheus.core.Failure? err
function core.form.decode(body) end

--- An element; its child elements are its list.
---@class trapheus.core.Node
---@field name string
---@field text? string                       nil when there are children and only blank text.
---@field attributes? table<string, string>
---@field [integer] trapheus.core.Node

core.xml = {}

---@param bytes string
---@return trapheus.core.Node? root, trapheus.core.Failure? err
function core.xml.parse(bytes) end

-- Waiting ---------------------------------------------------------------------------------

core.backoff = {}

--- Full jitter.
---@param state { base_ms: number, cap_ms: number, attempt: integer, random: number }  random: in [0, 1)
---@return integer
function core.backoff.delay_ms(state) end

core.waiter = {}

--- Short near an expected change and right after one, long between.
---@param phase { elapsed_ms: number, expected_ms: number?, min_ms: number, max_ms: number, random: number }
---@return integer
function core.waiter.delay_ms(phase) end

---@class trapheus.core.Acceptor
---@field state "success"|"failure"|"retry"
---@field matcher "path"|"pathAll"|"pathAny"|"error"
---@field expected string|number|boolean

---@param acceptors trapheus.core.Acceptor[]
---@param observation { values: (string|number|boolean)[]?, error: string? }
---@return "success"|"failure"|"retry"
function core.waiter.judge(acceptors, observation) end

---@class trapheus.core.Limiter
local Limiter = {}

--- Takes a token if there is one. Otherwise nothing is taken: ask again after the answer.
---@param now_ms number
---@return integer wait_ms  0: a token was taken.
function Limiter:take(now_ms) end

core.limiter = {}

---@param options { rate_per_s: number, burst: number }
---@return trapheus.core.Limiter
function core.limiter.new(options) end

-- The loop --------------------------------------------------------------------------------

core.clock = {}

--- Milliseconds since the epoch, by the operating system.
---@return integer
function core.clock.wall_ms() end

--- Milliseconds that never go back, for measuring.
---@return integer
function core.clock.monotonic_ms() end

---@class trapheus.core.LoopOptions
---@field virtual? boolean     Time goes on only when there is nothing else to do.
---@field pace? number         Every wait is divided by it.
---@field start_ms? integer    Where a virtual or paced clock begins, milliseconds since the epoch.
---@field ca_bundle? string    A file of certificates to trust instead of the system's.

--- Something under way. Whoever holds it owns it: close, `<close>` and collection cancel it.
---@class trapheus.core.Op
local Op = {}

---@return boolean
function Op:done() end

--- Once it is done.
---@return any value, trapheus.core.Failure? err
function Op:result() end

function Op:close() end

---@class trapheus.core.Loop
local Loop = {}

--- The loop's idea of the time, milliseconds since the epoch.
---@return integer
function Loop:now_ms() end

---@param delay_ms number
---@return trapheus.core.Op?  Its result is true.
---@return trapheus.core.Failure? err
function Loop:timer(delay_ms) end

--- Waits once, and records what is done.
---@param max_wait_ms? integer
---@return integer? outstanding, trapheus.core.Failure? err
function Loop:step(max_wait_ms) end

---@class trapheus.core.HttpRequest
---@field method string
---@field url string
---@field headers? trapheus.core.Pair[]
---@field body? string
---@field timeout_ms? integer
---@field connect_timeout_ms? integer
---@field max_bytes? integer
---@field allow_http? boolean             Default: https only.
---@field fresh_connection? boolean
---@field no_proxy? boolean
---@field resolve_public_only? boolean    Refuses a host with a private address.

--- One exchange; no redirect is followed.
---@param request trapheus.core.HttpRequest
---@return trapheus.core.Op?  Its result is { status=, headers = { lower-case name = value }, body= }.
---@return trapheus.core.Failure? err
function Loop:http(request) end

---@class trapheus.core.AwsRequest
---@field url string
---@field body string              A form.
---@field service string           The signing name.
---@field region string
---@field credentials trapheus.core.Credentials
---@field read_only? boolean       It may be repeated.
---@field max_attempts? integer    At most 100.
---@field timeout_ms? integer
---@field allow_http? boolean

---@class trapheus.core.AwsError
---@field code string
---@field message? string
---@field status? integer
---@field request_id? string
---@field attempts integer
---@field retryable boolean
---@field ambiguous boolean  It may have been executed.

---@class trapheus.core.AwsReply
---@field status? integer
---@field headers? table<string, string>
---@field body? string
---@field request_id? string
---@field attempts integer
---@field error? trapheus.core.AwsError

--- Signs, sends, and repeats where that is safe.
---@param request trapheus.core.AwsRequest
---@return trapheus.core.Op?  Its result is a trapheus.core.AwsReply.
---@return trapheus.core.Failure? err
function Loop:aws(request) end

---@class trapheus.core.ListenOptions
---@field address string            Numeric, of this machine only.
---@field port? integer             Default: a free one.
---@field max_body_bytes? integer
---@field connections? integer
---@field timeout_s? integer

--- What a client asked; it is answered once, and dropped with its connection if it is not.
---@class trapheus.core.Request
---@field method string
---@field path string
---@field query string
---@field headers trapheus.core.Pair[]
---@field body string
local Request = {}

---@param status integer
---@param headers trapheus.core.Pair[]?
---@param body string
---@return true? sent, trapheus.core.Failure? err
function Request:reply(status, headers, body) end

function Request:close() end

---@class trapheus.core.Server
local Server = {}

---@return integer
function Server:port() end

--- Waits for the next request; one wait at a time.
---@return trapheus.core.Op  Its result is a trapheus.core.Request.
function Server:next() end

function Server:close() end

--- Answers HTTP on this machine.
---@param options trapheus.core.ListenOptions
---@return trapheus.core.Server? server, trapheus.core.Failure? err
function Loop:listen(options) end

--- From now on SIGINT, SIGTERM and SIGHUP end a wait instead of the process.
---@return true? armed, trapheus.core.Failure? err
function Loop:signals() end

--- The last signal's name; asking forgets it.
---@return string?
function Loop:interrupted() end

--- What is outstanding ends as cancelled.
function Loop:close() end

---@param options? trapheus.core.LoopOptions
---@return trapheus.core.Loop? loop, trapheus.core.Failure? err
function core.loop(options) end

---@class trapheus.core.Notification
---@field loop trapheus.core.Loop
---@field url string              A secret: only its host is ever named.
---@field body string             JSON.
---@field allow_host? string      Another host than Slack's.
---@field allow_http? boolean     For a listener on this machine.

--- Posts to a webhook, at a public address only.
---@param notification trapheus.core.Notification
---@return trapheus.core.Op?  Its result is { status= }.
---@return trapheus.core.Failure? err
function core.notify(notification) end

-- The journal -----------------------------------------------------------------------------

---@class trapheus.core.StoreOwner
---@field run_id string
---@field host string
---@field boot_id string
---@field pid integer
---@field expires_ms? integer  Of a holder.

---@class trapheus.core.Store
local Store = {}

--- Replaces the run's document and appends a record, in one durable transaction.
---@param run_id string
---@param kind string        "intent", "outcome", "step", …
---@param document string
---@param record string
---@param now_ms? integer    Default: the system's time.
---@return true? saved, trapheus.core.Failure? err
function Store:save(run_id, kind, document, record, now_ms) end

--- nil alone: there is no such run.
---@param run_id string
---@return string? document, trapheus.core.Failure? err
function Store:load(run_id) end

--- Newest first.
---@return { run_id: string, document: string, created_ms: integer, updated_ms: integer }[]?
---@return trapheus.core.Failure? err
function Store:list() end

---@param run_id string
---@return { seq: integer, time_ms: integer, kind: string, record: string }[]?
---@return trapheus.core.Failure? err
function Store:records(run_id) end

---@param name string
---@param owner trapheus.core.StoreOwner
---@param now_ms integer
---@param expires_ms integer
---@return boolean? locked
---@return trapheus.core.StoreOwner|trapheus.core.Failure|nil  The holder after false, the failure after nil.
function Store:lock(name, owner, now_ms, expires_ms) end

---@param name string
---@param run_id string
---@return true? unlocked, trapheus.core.Failure? err
function Store:unlock(name, run_id) end

--- Whether the file is whole.
---@return true? whole, trapheus.core.Failure? err
function Store:check() end

function Store:close() end

core.store = {}

---@param directory string
---@return trapheus.core.Store? store, trapheus.core.Failure? err
function core.store.open(directory) end

return core
