--- Scales a deployment of Kubernetes to none before the database is moved aside, and back at the end. Change NAMESPACE
--- and DEPLOYMENT. It is made for a pod: curl asks the cluster's own API, as a service account that may get and patch
--- that deployment.
---
---     trapheus restore --id mydb --task create_snapshot --hooks pause-in-kubernetes.lua
---
--- With --sandbox nothing is asked of a cluster. If it cannot be scaled down, nothing is changed. It waits until no pod
--- counts any more; one that ends slowly has its grace period still. How many there were is noted on the deployment,
--- for whoever goes on. It stays at none when the run is parked: a person has to decide first.
local trapheus = require "trapheus"

local NAMESPACE, DEPLOYMENT = "shop", "web"
local API = os.getenv "KUBERNETES_API" or "https://kubernetes.default.svc"
local ACCOUNT = os.getenv "SERVICE_ACCOUNT" or "/var/run/secrets/kubernetes.io/serviceaccount"

-- The token goes from its file to curl by a pipe: it is no argument, and no variable.
local CURL = [[
printf 'Authorization: Bearer %s' "$(cat "$ACCOUNT/token")" |
  curl --silent --show-error --fail --max-time 30 --cacert "$ACCOUNT/ca.crt" --header @- --request "$METHOD" \
    --header 'Content-Type: application/merge-patch+json' ${BODY:+--data "$BODY"} "$URL"]]

local function ask(method, patch)
  local url = ("%s/apis/apps/v1/namespaces/%s/deployments/%s"):format(API, NAMESPACE, DEPLOYMENT)
  local reply = trapheus.run {
    argv = { "sh", "-c", CURL },
    env = { METHOD = method, URL = url, BODY = patch and trapheus.json.encode(patch) or "", ACCOUNT = ACCOUNT },
    rehearse = { output = '{"metadata":{"annotations":{"pods-before-restore":"2"}},"spec":{"replicas":2}}' },
  }
  return trapheus.json.decode(reply.output)
end

local function scale(count, noted)
  ask("PATCH", { metadata = { annotations = { ["pods-before-restore"] = noted } }, spec = { replicas = count } })
  print(("%s is scaled to %d"):format(DEPLOYMENT, count))
end

local function resume(run) -- parked: nobody knows yet which database it would write to
  local noted = run.outcome ~= "parked" and ask("GET").metadata.annotations or {}
  local count = tonumber(noted["pods-before-restore"])
  if count then scale(count, trapheus.json.null) end
end

---@type trapheus.Hooks
return {
  before = {
    rename = {
      timeout_s = 600,
      run = function()
        local count = ask("GET").spec.replicas
        if count > 0 then scale(0, tostring(count)) end
        while (ask("GET").status or {}).replicas do trapheus.sleep(2) end
      end,
    },
  },
  on_success = resume,
  on_failure = resume,
}
