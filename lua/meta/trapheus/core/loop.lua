---@meta

--- Of trapheus.core: clocks, the event loop, and what goes through it.
---@class trapheus.core
local core = {}

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
---@field body string              A form, or JSON.
---@field target? string           X-Amz-Target, of a JSON protocol.
---@field content_type? string     Default: a form's.
---@field service string           The signing name.
---@field region string
---@field credentials? trapheus.core.Credentials  nil: it is not signed.
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

---@class trapheus.core.ProcessRequest
---@field argv string[]       The first is looked for in PATH; there is no shell.
---@field timeout_ms number   In real time.
---@field max_bytes integer   Of its output.
---@field environment? string[]  "NAME=value"; nil: that of this process.
---@field apart? boolean      Never on the terminal, and what it writes to its standard error is kept (64 KiB).

--- Runs a program to its end.
---@param request trapheus.core.ProcessRequest
---@return trapheus.core.Op?  Its result is { code=, output=, errors= }.
---@return trapheus.core.Failure? err
function Loop:process(request) end

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
---@param sent_bytes integer?  The connection ends after so many bytes of the body, before the whole of it.
---@return true? sent, trapheus.core.Failure? err
function Request:reply(status, headers, body, sent_bytes) end

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
---@field allow_host? string      Another host than Slack's, on any port.
---@field allow_private? boolean  An address off the public Internet, or by way of a proxy.
---@field allow_http? boolean     For a listener on this machine.

--- Why an address would be refused, without showing it; nil: it would not.
---@param address { url: string, allow_host: string?, allow_http: boolean? }
---@return string?
function core.notify_fault(address) end

--- Posts to a webhook, at a public address only unless others are allowed.
---@param notification trapheus.core.Notification
---@return trapheus.core.Op?  Its result is { status= }.
---@return trapheus.core.Failure? err
function core.notify(notification) end
