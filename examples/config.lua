-- Who is told how restores go: copy it to ~/.config/trapheus/config.lua, or name it with --config or TRAPHEUS_CONFIG.
-- A Lua table, without functions. As an address of a webhook stands in it: chmod 600.
-- `trapheus notify --print` shows what each would get, `trapheus notify --test` sends it.
---@type trapheus.ConfigFile
return {
  notify = {
    -- Of what those are told who say nothing else: start, success, failure (refused, or failed before the original was
    -- touched), rolled_back, parked (a person is needed), interrupted, or all. Without it: these three.
    on = { "failure", "rolled_back", "parked" },

    -- Through SES. The sender must be verified there; `region` says where, if not where the database is.
    email = {
      { from = "dba@example.com", to = { "oncall@example.com", "dba-team@example.com" }, region = "eu-west-1" },
      { from = "dba@example.com", to = "managers@example.com", on = "success" },
    },

    -- Incoming webhooks. An address is a secret: it stands in a variable, in a file, or here.
    slack = {
      "env:TEAM_SLACK",
      { url = "https://hooks.slack.com/services/T00000000/B00000000/xxxxxxxxxxxxxxxxxxxxxxxx", on = "all" },
      -- What speaks Slack's language elsewhere, in the own network:
      { url = "env:CHAT_HOOK", allow_host = "chat.example.internal", allow_private = true, on = "parked" },
    },

    -- Queues, functions and HTTP endpoints that subscribe get the JSON, people the text. Filters may use event,
    -- identifier and run_id.
    sns = { { topic = "arn:aws:sns:eu-west-1:123456789012:restores", on = { "start", "success", "failure" } } },

    -- Anything else that takes JSON; its fields are in the manual, under NOTIFICATIONS.
    webhook = { url = "env:OPS_HOOK", on = "all" },
  },
}
