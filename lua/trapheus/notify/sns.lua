--- A message to an SNS topic.
local aws = require "trapheus.aws.client"
local bounded = require "trapheus.notify.bounded"
local escape = require "trapheus.escape"
local json = require "trapheus.json"

local sns = {}

local SUBJECT_BYTES = 99 -- fewer than 100, of ASCII, says SNS

---@class trapheus.SnsMessage
---@field topic string         Its ARN; its Region is the one that is called.
---@field subject? string      Of the mail to those who subscribed by mail.
---@field text string          What every subscriber gets, but for those of `json`.
---@field json? table          What queues, functions and HTTP endpoints get instead.
---@field attributes? table<string, string>  For the filters of subscriptions.
---@field id? string           Of a topic that is a FIFO: what is sent twice with it, arrives once.
---@field timeout_s? number    When to give up (default: 120).
---@field client? trapheus.Client  Of sns; made from the rest of the fields (profile, …) if not given.

local FIELDS = { topic = "string", subject = "string?", text = "string", json = "table?", attributes = "table?",
  id = "string?", timeout_s = "number?", client = "table?" }

--- The Region of a topic; nil: it is no topic's ARN.
---@param arn string
---@return string?
function sns.region(arn) return arn:match "^arn:aws[%w-]*:sns:([%w-]+):%d+:[%w_-]+$"
  or arn:match "^arn:aws[%w-]*:sns:([%w-]+):%d+:[%w_-]+%.fifo$" end

local MACHINES = { "sqs", "lambda", "http", "https", "firehose" }

local function structured(message)
  if not message.json then return message.text end
  local parts = { default = message.text }
  for _, protocol in ipairs(MACHINES) do parts[protocol] = json.encode(message.json) end
  return json.encode(parts)
end

local function attributes(given)
  local result = {}
  for name, value in pairs(given or {}) do result[name] = { DataType = "String", StringValue = value } end
  return next(result) and result or nil
end

local function client_of(message)
  if message.client then return message.client end
  local options = {}
  for name, value in pairs(message) do options[name] = value end
  options.region = sns.region(message.topic)
  return aws.new("sns", options)
end

local function send(message)
  local fifo = message.topic:find "%.fifo$" ~= nil
  return client_of(message):Publish({
    TopicArn = message.topic,
    Subject = message.subject and escape.ascii(message.subject, SUBJECT_BYTES),
    Message = structured(message),
    MessageStructure = message.json and "json" or nil,
    MessageAttributes = attributes(message.attributes),
    MessageGroupId = fifo and "trapheus" or nil,
    MessageDeduplicationId = fifo and message.id or nil,
  }, { repeatable = true }).MessageId
end

--- Publishes a message; raises an error table when SNS refuses it. What may pass is tried again.
---@param message trapheus.SnsMessage
---@return string message_id
function sns.send(message)
  bounded.check("notify.sns", message, FIELDS)
  return bounded.call(message.timeout_s, send, message)
end

return sns
