---@meta trapheus.core

--- What the C module answers to, for the Lua language server. Private to trapheus, except for its
--- pure parts (sigv4, credentials, uri, form, xml, reply, backoff, waiter, limiter, sha256).
---
--- A failure that is an answer comes as `nil, err`; misuse raises.
---@class trapheus.core
---@field version string
---@field bundled? fun(name: string): string?  A file inside the program, a module compiled; not there in a stock Lua.
local core = {}

---@class trapheus.core.Failure
---@field code string      "ETIMEDOUT"
---@field message string

---@alias trapheus.core.Pair { [1]: string, [2]: string }

--- The metatable of what is constant (trapheus.constant).
core.CONSTANT = {}

--- Raises: no field is added any more.
function core.CONSTANT.__newindex(data, key) end

--- A value, or a copy of a table and of all in it, metatables kept. For plain data: a table that is nested too deep
--- (100 levels) raises. What is constant (trapheus.constant) is shared.
---@generic T
---@param value T
---@param shallow? boolean  Only the table itself: what lies in it is shared.
---@return T
function core.copy(value, shallow) end

--- Some fields of a table, in a new one.
---@param from table
---@param fields string[]  Each field's name, followed by the one that it gets.
---@return table
function core.pick(from, fields) end

--- A value as JSON; see trapheus.json.encode.
---@param value any
---@param list table       The metatable that marks a list.
---@param indent? boolean  One member a line, two spaces a level.
---@return string? text, string? message
function core.write_json(value, list, indent) end

-- The operating system --------------------------------------------------------------------

--- In hexadecimal.
---@param bytes string
---@return string
function core.sha256(bytes) end

--- In hexadecimal: for names that AWS's tools choose so.
---@param bytes string
---@return string
function core.sha1(bytes) end

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

--- Its height in lines; 24 where there is none.
---@param fd integer
---@return integer
function core.system.rows(fd) end

---@return integer
function core.system.getpid() end

---@return integer
function core.system.geteuid() end

---@return string
function core.system.hostname() end

--- Asks on the terminal for what must not be shown.
---@param prompt string
---@return string?  nil: there is no terminal.
function core.system.ask_secret(prompt) end

--- Replaces a file as a whole; only its owner may read it.
---@param path string
---@param text string
---@return true? written, string? message
function core.system.write_private(path, text) end

--- The variables of the environment.
---@return table<string, string>
function core.system.environment() end

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
---@field temporary boolean        They have a session token.
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

--- A text as it stands in an element or an attribute: `& < > "` and a carriage return as entities.
---@param text string
---@return string
function core.xml.escape(text) end

---@alias trapheus.core.Scalar "integer" | "float" | "boolean" | "timestamp"

--- What a text of the query protocol says; nil when it is no such scalar. A timestamp, in ISO 8601, RFC 822 or seconds,
--- becomes the seconds since the epoch: an integer when whole.
---@param kind trapheus.core.Scalar
---@param text string
---@return number|boolean|nil
function core.scalar(kind, text) end

--- What becomes of an element: its text, a scalar, what a function makes of its text, or a table, filled by the names
--- of its children, by their order (`item`) or by what is in each (`key` and `value`).
---@alias trapheus.core.Reading
---| true
---| trapheus.core.Scalar
---| fun(text: string, name: string): any
---| trapheus.core.Container

---@class trapheus.core.Container
---@field members? table<string, trapheus.core.Member>      by the name on the wire
---@field attributes? table<string, trapheus.core.Member>   beside `members`
---@field item? trapheus.core.Reading
---@field metatable? table                                  beside `item`: of the list
---@field key? { [1]: string, [2]: trapheus.core.Reading }  the element and its reading
---@field value? { [1]: string, [2]: trapheus.core.Reading }

--- The name in the table that is made, the reading, and whether its children lie where it should lie itself.
---@alias trapheus.core.Member { [1]: string, [2]: trapheus.core.Reading, [3]: true? }

--- Reads a document without making its nodes. What has no reading is passed over; an empty table: the root is another.
--- A reading is compiled when it is first used, and must not be changed after that.
---@param bytes string
---@param reading trapheus.core.Container  of the document: its one child is the root
---@return table? value, trapheus.core.Failure? err  nil for what is no XML
function core.xml.decode(bytes, reading) end

--- How a value is written: its kind, the name of its element, its tags (false: none), the type that messages tell,
--- and what is inside. Kinds are 1 a text, 2 an integer, 3 a boolean, 4 what a function makes a text of (nil: it is
--- not of the type; the text is not escaped), 5 a structure (the names of the members and their writings by turns, in
--- the order in which they are written), 6 a list (the writing of its items).
---@class trapheus.core.Writing
---@field [1] 1|2|3|4|5|6
---@field [2] string
---@field [3] string|false
---@field [4] string|false
---@field [5] string
---@field [6] nil|function|trapheus.core.Writing|(string|trapheus.core.Writing)[]

--- Bytes outside of Lua's heap: the body of a reply that is held.
---@class trapheus.core.Buf
local Buf = {}

--- As of a string, but for a `first` below 1 (it is 1) and a negative `last` (it is the end).
---@param first integer
---@param last integer?
---@return string
function Buf:sub(first, last) end

--- Frees them: it is empty then. Being collected does the same.
function Buf:close() end

---@alias trapheus.core.Bytes string|trapheus.core.Buf

--- The items of a listing, if it is written as AWS writes it, without parsing them: four values each, one after the
--- other: the text of its first `field`; a number that is equal for equal items, but for the text of the first `but`;
--- where in the body it begins, and where it ends.
---@param body trapheus.core.Bytes
---@param list string   "DBInstances", whose items are each a "DBInstance"
---@param field string
---@param but string
---@return (string|integer)[]? items  nil: it is not
---@return integer? first  of the list, its tag included, the last byte;
---@return integer? last   and of its closing tag the first
function core.xml.items(body, list, field, but) end

--- A value as XML. Raises a text without a place for what the writing does not allow.
---@param writing trapheus.core.Writing
---@param value any
---@param kept? table<table, table>  Structures that do not change, each with room for what is written of it.
---@return string
function core.xml.write(writing, value, kept) end

core.reply = {}

---@class trapheus.core.Judgement
---@field code string
---@field message string
---@field retryable boolean  The same call may succeed later.
---@field ambiguous boolean  A change that may have been made.

--- What the client makes of a reply of the query protocol; nil: a success.
---@param reply { status: integer, body: string, read_only: boolean? }
---@return trapheus.core.Judgement?
function core.reply.read(reply) end

--- The same for an error that is known; without a code it is no reply of the service.
---@param reply { status: integer, code: string?, message: string?, read_only: boolean? }
---@return trapheus.core.Judgement
function core.reply.judge(reply) end

-- Waiting ---------------------------------------------------------------------------------

core.backoff = {}

--- Full jitter.
---@param state { base_ms: number, cap_ms: number, attempt: integer, random: number }  random: in [0, 1)
---@return integer
function core.backoff.delay_ms(state) end

core.waiter = {}

---@class trapheus.core.Phase
---@field elapsed_ms number    Since the state last changed.
---@field expected_ms number?  How long such a phase usually takes.
---@field due_ms number?       When it is to end, by what is recorded of this very one,
---@field spread_ms number?    and the standard deviation of that; nil: nothing is recorded.
---@field min_ms number
---@field max_ms number
---@field worth_ms number?     How much sooner a change must be seen, on average, for one look more.
---@field watched_s number?    How long others were watched in this phase, at about this age,
---@field changes number?      and how many of them changed meanwhile.
---@field random number        In [0, 1).

--- Short where a change is likely, long where it is not.
---@param phase trapheus.core.Phase
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

return core
